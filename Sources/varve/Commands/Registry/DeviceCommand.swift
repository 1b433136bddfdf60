// DeviceCommand.swift — `varve device`: the devices of products.

import ArgumentParser
import VarveModel
import VarveQuery
import VarveRegistry
import VarveStorage

struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Define devices: what sends the readings.",
        discussion: """
            A device is named by its deviceKey, or by productKey/deviceKey where several products have the key.

            Example:
              varve device create T1 --product wind --timezone Europe/Paris
              varve device show wind/T1
            """,
        subcommands: [Create.self, List.self, Show.self, Attributes.self, Delete.self, Import.self])
}

extension DeviceCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a device of a product.",
            discussion: """
                Example:
                  varve device create T1 --product wind --asset A-17 --timezone Europe/Paris
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The deviceKey of the new device, unique in its product.") var key: String
        @Option(help: ArgumentHelp("The productKey of its product.", valueName: "key")) var product: String
        @Option(help: "The deviceSecret; one is made if it is left out.") var secret: String?
        @Option(help: ArgumentHelp("The assetId of what it measures.", valueName: "id")) var asset: String?
        @Option(help: "A name for people.") var name: String?
        @Option(help: ArgumentHelp("The IANA id of its time zone.", valueName: "zone")) var timezone: String?

        func run() throws {
            if let timezone, !SystemZones.isKnown(timezone) { throw Registry.noTimeZone(timezone) }
            let device = Device(
                product: product, key: key, secret: secret, assetID: asset, name: name, timeZone: timezone)
            try data.changeRegistry { try $0.create(device) }
            print("created device \(device.qualifiedName), secret \(device.secret)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the devices.",
            discussion: """
                Example:
                  varve device list --product wind
                """)

        @OptionGroup var data: DataOptions
        @Option(help: ArgumentHelp("Only the devices of this product.", valueName: "key")) var product:
            String?
        @Flag(help: "Print JSON with the secrets, as device import reads it.") var json = false

        func run() throws {
            Device.list(try data.listedRegistry().devices(product: product), asJSON: json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a device with its secret.",
            discussion: """
                Example:
                  varve device show T1 --json
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The deviceKey, or productKey/deviceKey.") var device: String
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            try data.listedRegistry().device(named: device).show(asJSON: json)
        }
    }

    struct Attributes: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the attributes that a device has sent, each with its latest value.",
            discussion: """
                The time is that at which the value arrived. With --history every value is shown that differs from the one \
                before, with the time at which it came.

                Example:
                  varve device attributes T1
                  varve device attributes wind/T1 --history --json
                """)

        @OptionGroup var data: DataOptions
        @OptionGroup var state: StateOptions
        @Argument(help: "The deviceKey, or productKey/deviceKey.") var device: String
        @Flag(help: "All values that an attribute had, the earliest first.") var history = false
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let snapshot = try state.state(of: data.openStore(to: .read).snapshot())
            try AttributeRows(device: device, showsHistory: history)
                .write(from: snapshot, to: OutputBuffer(StandardOutputSink()), json ? .json : .table)
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a device; its history stays in the store.",
            discussion: """
                Example:
                  varve device delete wind/T1
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The deviceKey, or productKey/deviceKey.") var device: String

        func run() throws {
            let deleted = try data.changeRegistry { try $0.deleteDevice(named: device) }
            print("deleted device \(printable(deleted.qualifiedName)); its history stays in the store")
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make devices from a CSV or JSON file, all or nothing.",
            discussion: """
                CSV columns: device,product and optionally secret,asset,name,timezone.

                Example:
                  varve device import devices.csv
                """)

        @OptionGroup var options: RegistryImport

        func run() throws {
            try options.run(.devices, noun: "device")
        }
    }
}

/// The attributes of a device, as rows.
struct AttributeRows {
    var device: String
    /// Whether every value is shown that differs from the one before, and not only the latest.
    var showsHistory: Bool

    /// Writes the rows, by attribute and time.
    ///
    /// - Throws: `QueryFailure` if the store has no such device, the errors of reading and of the output.
    func write(from source: some SampleSource, to output: OutputBuffer, _ format: RowFormat) throws {
        let series = try SeriesSelection.select(from: source, devices: [device], points: [])
        var writer = format.writer(.attributes, to: output, zone: nil)
        try writer.begin()
        for one in series {
            guard case .attribute(let id) = ReservedPoint(name: one.info.key.point) else { continue }
            var printed = one.printed
            printed.point = id
            func add(_ time: Int64, _ value: String) throws -> Bool {
                try writer.write(AggregateRow(start: time, values: [.json(value)]), of: printed)
                return output.isOpen
            }
            if showsHistory {
                try source.changes(of: one.info.key, add)
            } else if let latest = try source.latestValue(of: one.info.key) {
                _ = try add(latest.time, latest.value)
            }
        }
        try writer.end()
    }
}
