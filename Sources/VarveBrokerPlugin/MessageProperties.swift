// MessageProperties.swift — the properties of a message of MQTT 5, measured and added to.

import CMosquittoBroker
import Glibc

/// The properties that the broker keeps with a message.
enum MessageProperties {
    /// The number of properties and their bytes as they were sent; counting ends one above the limit.
    static func measure(_ first: OpaquePointer?, limit: Int) -> (count: Int, bytes: Int) {
        var count = 0, bytes = 0
        var next = first
        while let property = next, count <= limit {
            count += 1
            bytes += 1 + size(property)
            next = mosquitto_property_next(property)
        }
        return (count, bytes)
    }

    /// Adds a user property at the end.
    static func add(
        _ first: UnsafeMutablePointer<OpaquePointer?>, _ name: String, _ value: UnsafePointer<CChar>
    ) {
        _ = mosquitto_property_add_string_pair(first, Int32(MQTT_PROP_USER_PROPERTY.rawValue), name, value)
    }

    private static func size(_ property: OpaquePointer) -> Int {
        let kind = mosquitto_property_identifier(property)
        var name: UnsafeMutablePointer<CChar>?
        var value: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutableRawPointer?
        var length: UInt16 = 0
        defer {
            free(name)
            free(value)
            free(data)
        }
        switch UInt32(bitPattern: kind) {
        case MQTT_PROP_USER_PROPERTY.rawValue:
            _ = mosquitto_property_read_string_pair(property, kind, &name, &value, false)
            return 4 + (name.map { strlen($0) } ?? 0) + (value.map { strlen($0) } ?? 0)
        case MQTT_PROP_CORRELATION_DATA.rawValue:
            _ = mosquitto_property_read_binary(property, kind, &data, &length, false)
            return 2 + Int(length)
        case MQTT_PROP_CONTENT_TYPE.rawValue, MQTT_PROP_RESPONSE_TOPIC.rawValue:
            _ = mosquitto_property_read_string(property, kind, &value, false)
            return 2 + (value.map { strlen($0) } ?? 0)
        default: return 4
        }
    }
}
