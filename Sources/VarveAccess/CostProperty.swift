// CostProperty.swift — the user property with which the plugin reports to the service what a message costs in
// the broker.

/// The property with a message's cost, in decimal digits.
///
/// The plugin adds it behind the sender's own properties if the cost differs from `ConsumptionReport.cost`.
package enum CostProperty {
    package static let name = "varve-cost"
}
