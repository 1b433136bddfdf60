// BrailleGrid.swift — a grid of dots, 2 × 4 in each character, that knows which series drew a character last.

/// Dots to draw on.
struct BrailleGrid {
    /// Characters across and down.
    let width: Int
    let height: Int
    private var dots: [UInt8]
    private var owners: [Int]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        dots = Array(repeating: 0, count: width * height)
        owners = Array(repeating: 0, count: width * height)
    }

    /// Rows of dots.
    var dotRows: Int { height * 4 }

    /// Sets the dots of one column between two rows, given in any order.
    mutating func draw(column: Int, from row: Int, to otherRow: Int, owner: Int) {
        // Unicode numbers the dots of the first three rows by columns and added the fourth row later.
        let marks: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
        for dot in min(row, otherRow)...max(row, otherRow) {
            let cell = dot / 4 * width + column / 2
            dots[cell] |= marks[column % 2][dot % 4]
            owners[cell] = owner
        }
    }

    /// The character of a cell and the series that drew there last; nil where there is no dot.
    func cell(column: Int, row: Int) -> (text: Character, owner: Int)? {
        let index = row * width + column
        guard dots[index] != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(dots[index])) else { return nil }
        return (Character(scalar), owners[index])
    }
}
