// CostProperty.swift — the user property in which the plugin tells the service what a message costs in the broker.

/// The property of a message's cost, in decimal digits.
///
/// The plugin adds it, behind those of the sender, where the cost is not `ConsumptionReport.cost`.
package enum CostProperty {
    package static let name = "varve-cost"
}
