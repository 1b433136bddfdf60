// DeviceCommand.swift — `varve device`: the devices of products.

import ArgumentParser
import VarveRegistry

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
        subcommands: [Create.self, List.self, Show.self, Delete.self, Import.self])
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
