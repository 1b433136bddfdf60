// PointName.swift — a point of a product, shared by all devices of the product.

import VarveModel

/// Names a point; both names are equal by bytes.
struct PointName: Hashable {
    let product: Name
    let point: Name

    init(product: String, point: String) {
        self.product = Name(product)
        self.point = Name(point)
    }
}
