// RequestForm.swift — the requests of EnOS that carry data: what each has in `params`, and the codes of its faults.
//
// Invariants:
// - A request has one method, and the method of a payload must be that of the request that its topic is for.

import VarveModel

/// A kind of request.
enum RequestForm: CaseIterable {
    /// Readings of any devices of a product.
    case measurepoints
    /// Events of any devices of a product.
    case events
    /// Attributes of any devices of a product, which have no time.
    case attributes
    /// Readings of the device of the topic, at one time.
    case resume
    /// Readings of the device of the topic and of other devices of its product.
    case resumeBatch
    /// Readings of a device, in JSON that a script made on the topic of a channel, with the method of `resume`.
    ///
    /// `RawRequest` makes `measurepoints` of it, but the method decides about the unit of its time.
    case channelResume

    /// The method that the payload must have.
    var method: StaticString {
        switch self {
        case .measurepoints, .channelResume: "integration.measurepoint.post"
        case .events: "integration.event.post"
        case .attributes: "integration.attribute.post"
        case .resume: "thing.measurepoint.resume"
        case .resumeBatch: "thing.measurepoint.resume.batch"
        }
    }

    /// The member of an item that has its values.
    var content: StaticString {
        switch self {
        case .measurepoints, .resume, .resumeBatch, .channelResume: "measurepoints"
        case .events: "events"
        case .attributes: "attributes"
        }
    }

    /// What the model calls one of the values.
    var noun: String {
        switch self {
        case .measurepoints, .resume, .resumeBatch, .channelResume: "point"
        case .events: "event"
        case .attributes: "attribute"
        }
    }

    /// What precedes the name of a value in the name of its series; nil for points.
    var prefix: String? {
        switch self {
        case .measurepoints, .resume, .resumeBatch, .channelResume: nil
        case .events: ReservedPoint.eventPrefix
        case .attributes: ReservedPoint.attributePrefix
        }
    }

    /// What is done with two values of one time; nil for what the product says.
    var policy: DuplicatePolicy? {
        switch self {
        case .measurepoints, .resume, .resumeBatch, .channelResume: nil
        case .events: .every
        case .attributes: .last
        }
    }

    /// Whether `params` is an array; if not, it is one item.
    var hasItems: Bool { self != .resume }

    /// Whether an item names its device; if not, the device is that of the topic.
    var namesDevices: Bool { self != .resume }

    /// Whether an item may name its product, and may leave out its device.
    var namesProducts: Bool { self == .resumeBatch }

    /// Whether an item may have a time.
    var hasTime: Bool { self != .attributes }

    /// Whether a time below 10^11 is in seconds.
    ///
    /// The EnOS SDK for Python sends `time.time()` on the topics of devices. Of a script's JSON the method decides, so
    /// that one payload means the same on the topic of a device and on that of a channel.
    var takesSeconds: Bool { self == .resume || self == .resumeBatch || self == .channelResume }

    /// The code of an item that is not of the documented shape.
    var formatCode: ReplyCode {
        switch self {
        case .measurepoints, .events, .resume, .channelResume: .malformed
        case .attributes: .attributeFormat
        case .resumeBatch: .batchFormat
        }
    }

    /// The code of an item whose device does not exist.
    var unknownDeviceCode: ReplyCode { self == .resumeBatch ? .noSubDevice : .unknownDevice }
}
