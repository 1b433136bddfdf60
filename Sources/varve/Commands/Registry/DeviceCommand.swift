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
        subcommands: [
            Create.self, List.self, Show.self, Attributes.self, Reset.self, Delete.self, Import.self,
        ])
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
                  varve device list --csv > devices.csv
                """)

        @OptionGroup var data: DataOptions
        @Option(help: ArgumentHelp("Only the devices of this product.", valueName: "key")) var product:
            String?
        @Flag(help: "Print JSON with the secrets, as device import reads it.") var json = false
        @Flag(help: "Print CSV with the secrets, as device import reads it.") var csv = false

        func validate() throws {
            if json, csv { throw ValidationError("--json and --csv: choose one") }
        }

        func run() throws {
            let devices = try data.listedRegistry().devices(product: product)
            guard csv else { return Device.list(devices, asJSON: json) }
            print(Device.csv(devices), terminator: "")
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

    struct Reset: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a device be activated once more; it gets a new secret.",
            discussion: """
                A device that asks for its secret with securemode 3 gets it once. The secret that it had is not valid \
                any more.

                Example:
                  varve device reset wind/T1
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The deviceKey, or productKey/deviceKey.") var device: String

        func run() throws {
            let reset = try data.changeRegistry { try $0.resetDevice(named: device) }
            print("device \(printable(reset.qualifiedName)) can be activated, new secret \(reset.secret)")
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a device that has no stored samples.",
            discussion: """
                --keep-data deletes it although the store has samples of it. They stay, can be queried under its name, \
                and belong to it again if it is created again.

                Example:
                  varve device delete wind/T1
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The deviceKey, or productKey/deviceKey.") var device: String
        @Flag(help: "Delete it although the store has samples of it.") var keepData = false

        func run() throws {
            let found = try data.openRegistry(to: .read).device(named: device)
            let name = printable(found.qualifiedName)
            func stored() throws -> UInt64 {
                try data.storedSamples(product: found.product, device: found.key)
            }
            let before = try stored()
            guard before == 0 || keepData else { throw HeldData(what: "device \(name)", samples: before) }
            try data.changeRegistry { try $0.deleteDevice(named: found.qualifiedName) }
            // A running service has stored the messages that it took meanwhile, and takes no more.
            let after = try stored()
            if after > 0, !keepData {
                try data.changeRegistry { try $0.create(found) }
                throw HeldData(what: "device \(name)", samples: after)
            }
            print("deleted device \(name)" + (after > 0 ? "; its history stays in the store" : ""))
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make devices from a CSV or JSON file.",
            discussion: """
                CSV columns: device,product and optionally secret,asset,name,timezone,activated.

                A row that cannot be taken goes to FILE.rejected.csv with its line and the reason, and the exit code is \
                3. A row of a device that exists is taken if it says the same; --update changes the device instead. An \
                empty field leaves what is there.

                Example:
                  varve device import devices.csv
                """)

        @OptionGroup var options: RegistryImport
        @Flag(help: "Change devices that exist.") var update = false

        func run() throws {
            try options.run(.devices, noun: "device", rules: ImportRules(updates: update, rejects: true))
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
