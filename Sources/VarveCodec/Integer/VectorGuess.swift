// VectorGuess.swift — what a sample says about a vector whose values are differenced 0, 1 or 2 times.
//
// Only forms that come near the best guess are worth the exact look at all values.

struct VectorGuess {
    /// How many times the values are differenced.
    let order: Int
    /// The best window for the sample, and the bits that a frame with exceptions would take.
    let window: PackingPlan.Window
    let frameBits: Int
    /// The best Rice code for the sample, if there is one, and the bits that it would take.
    let rice: RicePlan?
    let riceBits: Int

    /// The number of values in the sample at standard effort.
    private static let sampleCount = 64

    /// Looks at a sample, or at all values at thorough effort.
    ///
    /// - Parameter scratch: Room for 1024 values.
    init(
        _ values: UnsafePointer<Int64>, count: Int, order: Int, scratch: UnsafeMutablePointer<Int64>,
        effort: Effort, looksAtRice: Bool
    ) {
        self.order = order
        let places = count - order
        let taken = effort == .standard ? min(places, Self.sampleCount) : places
        for index in 0..<taken {
            let place = values + (order &+ index &* places / taken)
            switch order {
            case 0: scratch[index] = place[0]
            case 1: scratch[index] = place[0] &- place[-1]
            default: scratch[index] = place[0] &- 2 &* place[-1] &+ place[-2]
            }
        }
        let range = PackingPlan(scratch, count: taken)
        PackingPlan.sort(scratch, count: taken, lowest: range.base, width: range.width)
        window = PackingPlan.bestWindow(scratch, count: taken)
        frameBits = window.cost * count / taken
        let guess = count < 32 || !looksAtRice ? nil : RicePlan.guess(scratch, count: taken, order: order)
        rice = guess?.plan
        riceBits = guess.map { $0.bits * count / taken + 32 * order } ?? .max
    }
}
