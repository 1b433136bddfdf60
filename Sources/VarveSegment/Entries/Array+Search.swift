// Array+Search.swift — binary search in a sorted array.

extension Array {
    /// The first index whose element fulfils a condition that all later elements fulfil too; `count` if none does.
    ///
    /// Cost: logarithmic in the count.
    package func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
