// Array+Search.swift — where a condition begins to hold in a sorted array.

extension Array {
    /// The first index from which on the elements, sorted so, fulfil a condition.
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
