// SubDeviceAnswer.swift — answers a gateway that logs its sub-devices in or out.
//
// Varve knows neither topology nor presence: every device of the sender's product counts as its sub-device and as on line.
// So a login changes nothing. It is checked as EnOS checks it, and answered, because clients ask before they send.
//
// Invariants:
// - An answer says of a secret only whether a signature was made with it.

import VarveAccess
import VarveChannel
import VarveModel
import VarveText

/// The answer to a gateway.
struct SubDeviceAnswer {
    /// Why the message is refused; nil for code 200.
    var failure: RequestFailure?
    /// The `data` of the answer, as JSON.
    var data: [UInt8]
    /// The number of sub-devices that the message names.
    var items = 0
    /// The sub-device, if it is about one.
    var device: String?

    /// Lists for a login of several in which nothing could be read, as EnOS sends them.
    private static let emptyLists = Array(#"{"loginedSubDevices":[],"failedSubDevices":[]}"#.utf8)

    /// The answer to a message that is refused as a whole.
    init(refusing failure: RequestFailure, _ kind: SubDeviceRequest.Kind) {
        self.failure = failure
        data = kind == .batch ? Self.emptyLists : Array("{}".utf8)
    }

    /// The answer to a message that could be read.
    ///
    /// Cost: a small query for each sub-device, and one for the gateway.
    /// - Parameters:
    ///   - product: The product of the topic.
    ///   - gateway: The device of the topic, or the mark of a channel.
    /// - Throws: What the directory throws.
    init(
        _ request: SubDeviceRequest, _ kind: SubDeviceRequest.Kind, product: String, gateway: String,
        _ directory: any PointDirectory
    ) throws {
        if gateway != Role.channelKey, try directory.login(ofDevice: gateway, product: product) == nil {
            self = SubDeviceAnswer(refusing: try Self.unknown(gateway, product, directory), kind)
            return
        }
        var accepted: [UInt8] = []
        var refused: [UInt8] = []
        var failures: [(SubDeviceRequest.Device, RequestFailure)] = []
        for device in request.devices {
            let login = try directory.login(ofDevice: device.key, product: product)
            if let failure = try Self.failure(device, request, kind, login, product, directory) {
                failures.append((device, failure))
                Self.append(device, nil, to: &refused)
            } else {
                let login = kind == .logout ? nil : login
                Self.append(device, login.map { $0.assetID ?? "" }, to: &accepted)
            }
        }
        items = request.devices.count
        device = request.devices.count == 1 ? request.devices[0].key.excerpt : nil
        failure = kind == .batch ? Self.summary(failures) : failures.first?.1
        if kind == .batch {
            data = Array(#"{"loginedSubDevices":["#.utf8) + accepted
            data += Array(#"],"failedSubDevices":["#.utf8) + refused + Array("]}".utf8)
        } else {
            data = failures.isEmpty ? accepted : Array("{}".utf8)
        }
    }

    /// Why one sub-device is refused; nil if it is not.
    private static func failure(
        _ device: SubDeviceRequest.Device, _ request: SubDeviceRequest, _ kind: SubDeviceRequest.Kind,
        _ login: DeviceLogin?, _ product: String, _ directory: any PointDirectory
    ) throws -> RequestFailure? {
        guard device.product.sameBytes(as: product) else {
            return RequestFailure(
                .notOfGateway,
                "product \(device.product.excerpt) is not that of the topic: a sub-device is one of \(product.excerpt)",
                device: device.key.excerpt)
        }
        guard let login else { return try unknown(device.key, product, directory) }
        guard kind != .logout else { return nil }
        guard device.mode != "3" else {
            return RequestFailure(
                .noActivation,
                "a sub-device is not activated by its gateway: it logs in itself with secureMode 3",
                device: device.key.excerpt)
        }
        guard let method = Signature.Method(named: request.signMethod) else {
            return RequestFailure(
                .wrongSignature, "signMethod \(request.signMethod.excerpt) is not sha256, sha1 or md5",
                device: device.key.excerpt)
        }
        // The SDKs leave out cleanSession, and the documents sign it.
        let isSigned = [nil, device.cleanSession].contains { cleanSession in
            Signature(
                cleanSession: cleanSession, clientID: request.clientID, deviceKey: device.key,
                productKey: product, timestamp: request.timestamp, secret: login.secret, method: method
            )?.matches(Array(device.sign.utf8)) ?? false
        }
        return isSigned
            ? nil
            : RequestFailure(
                .wrongSignature, "the signature does not match the secret of device \(device.key.excerpt)",
                device: device.key.excerpt)
    }

    private static func unknown(
        _ device: String, _ product: String, _ directory: any PointDirectory
    ) throws -> RequestFailure {
        guard try directory.settings(ofProduct: product) != nil else {
            return RequestFailure(.unknownTopic, "there is no product \(product.excerpt)")
        }
        return RequestFailure(
            .noSuchSubDevice, "product \(product.excerpt) has no device \(device.excerpt)",
            device: device.excerpt)
    }

    /// The most sub-devices that the message of an answer names.
    private static let named = 10

    /// The failure of a login of several: the code of the first that was refused.
    private static func summary(
        _ failures: [(device: SubDeviceRequest.Device, failure: RequestFailure)]
    ) -> RequestFailure? {
        guard var result = failures.first?.failure else { return nil }
        result.message = failures.prefix(named).map { device, failure in
            "\(device.product.excerpt)&\(device.key.excerpt) has error: \(failure.message);"
        }.joined(separator: " ")
        if failures.count > named { result.message += " \(failures.count - named) more" }
        return result
    }

    /// Writes a sub-device with its asset id, if one is given; an empty one is null.
    private static func append(
        _ device: SubDeviceRequest.Device, _ assetID: String?, to bytes: inout [UInt8]
    ) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "{"))
        if let assetID {
            bytes.append(contentsOf: #""assetId":"#.utf8)
            if assetID.isEmpty {
                bytes.append(contentsOf: "null".utf8)
            } else {
                JSONString.append(assetID, to: &bytes)
            }
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(contentsOf: #""productKey":"#.utf8)
        JSONString.append(device.product, to: &bytes)
        bytes.append(contentsOf: #","deviceKey":"#.utf8)
        JSONString.append(device.key, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}
