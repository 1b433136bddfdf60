// ModelCommand.swift — `varve model`: models and their measurement points.

import ArgumentParser
import VarveModel
import VarveRegistry

struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Define models: the measurement points that devices have.",
        discussion: """
            Example:
              varve model create turbine --point power:double:unit=kW --point on:bool
              varve model list
            """,
        subcommands: [
            Create.self, Add.self, Change.self, List.self, Show.self, Delete.self, Import.self,
        ])
}

/// The option `--point`, for a model to make or to extend.
struct PointOptions: ParsableArguments {
    @Option(
        name: .customLong("point"),
        help: ArgumentHelp(
            "A point, with type double, int64, bool, string or json; repeat it for more.",
            valueName: "name:type[:quality][:unit=u]"),
        transform: MeasurementPoint.init(spec:))
    var points: [MeasurementPoint] = []
}

extension ModelCommand {
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a model.",
            discussion: """
                Example:
                  varve model create turbine --point power:double:unit=kW --point on:bool
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the new model.") var id: String
        @Option(help: "A name for people.") var name: String?
        @OptionGroup var points: PointOptions

        func run() throws {
            let model = Model(id: id, name: name, points: points.points)
            try data.changeRegistry(.create) { try $0.create(model) }
            print(
                "created model \(id) with \(points.points.count) \(points.points.count == 1 ? "point" : "points")"
            )
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add points to a model.",
            discussion: """
                Example:
                  varve model add turbine --point wind_speed:double:unit=m/s
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the model.") var id: String
        @OptionGroup var points: PointOptions

        func validate() throws {
            if points.points.isEmpty { throw ValidationError("name at least one --point") }
        }

        func run() throws {
            let added = try data.changeRegistry { try $0.addPoints(points.points, toModel: id) }
            print("added \(added) \(added == 1 ? "point" : "points") to model \(printable(id))")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models.",
            discussion: """
                Example:
                  varve model list --json > models.json
                """)

        @OptionGroup var data: DataOptions
        @Flag(help: "Print JSON, as model import reads it.") var json = false

        func run() throws {
            Model.list(try data.listedRegistry().models(), asJSON: json)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a model and its points.",
            discussion: """
                Example:
                  varve model show turbine
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the model.") var id: String
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            let model = try data.listedRegistry().model(id)
            model.show(asJSON: json)
            guard !json else { return }
            var table = TextTable(titles: ["POINT", "TYPE", "QUALITY", "UNIT"])
            for point in model.points {
                table.append([point.id, point.type.name, point.hasQuality ? "yes" : "no", point.unit])
            }
            print(table.text(), terminator: "")
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a model that no product uses.",
            discussion: """
                Example:
                  varve model delete turbine
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the model.") var id: String

        func run() throws {
            try data.changeRegistry { try $0.deleteModel(id) }
            print("deleted model \(printable(id))")
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make models from a CSV or JSON file, all or nothing.",
            discussion: """
                CSV columns: model,point,type and optionally quality,unit,name; a row for each point.
                Points that a model lacks are added to it.

                Example:
                  varve model import models.csv
                """)

        @OptionGroup var options: RegistryImport

        func run() throws {
            try options.run(.models, noun: "model")
        }
    }
}
