// ModelCommand.swift — `varve model`: models with their measurement points, events and attributes.

import ArgumentParser
import VarveModel
import VarveRegistry
import VarveText

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
            Create.self, Add.self, Set.self, Change.self, List.self, Show.self, Delete.self, Import.self,
            Export.self,
        ])
}

/// What a model to make or to extend declares.
struct PointOptions: ParsableArguments {
    @Option(
        name: .customLong("point"),
        help: ArgumentHelp(
            "A point, with type double, int64, bool, string or json, or a type of EnOS such as INT or ENUM(0,1); "
                + "repeat it for more.",
            valueName: "name:type[:quality][:unit=u]"),
        transform: MeasurementPoint.init(spec:))
    var points: [MeasurementPoint] = []
    @Option(
        name: .customLong("attribute"),
        help: ArgumentHelp(
            "An attribute, with a type of EnOS, or json for any value; repeat it for more.",
            valueName: "name:type"),
        transform: ModelFeature.init(attribute:))
    var attributes: [ModelFeature] = []
    @Option(
        name: .customLong("event"),
        help: ArgumentHelp(
            "An event; with STRUCT(…) only these members are taken. Repeat it for more.",
            valueName: "id[:struct(…)]"),
        transform: ModelFeature.init(event:))
    var events: [ModelFeature] = []

    var features: [ModelFeature] { events + attributes }

    /// The points, and what else there is, in words.
    static func counted(points: Int, features: Int) -> String {
        let text = "\(points) \(points == 1 ? "point" : "points")"
        return features == 0
            ? text
            : text + " and \(features) \(features == 1 ? "event or attribute" : "events and attributes")"
    }
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
        @Flag(help: "Take points, events and attributes that the model does not declare.") var passThrough =
            false

        func run() throws {
            let model = Model(
                id: id, name: name, points: points.points, features: points.features,
                isPassThrough: passThrough)
            try data.changeRegistry(.create) { try $0.create(model) }
            print(
                "created model \(id) with "
                    + PointOptions.counted(points: points.points.count, features: points.features.count))
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add points, events and attributes to a model.",
            discussion: """
                What the model has already gets the unit and the rule that are given; its type stays, and so do stored \
                values.

                Example:
                  varve model add turbine --point wind_speed:double:unit=m/s
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the model.") var id: String
        @OptionGroup var points: PointOptions

        func validate() throws {
            if points.points.isEmpty, points.features.isEmpty {
                throw ValidationError("name at least one --point, --event or --attribute")
            }
        }

        func run() throws {
            let result = try data.changeRegistry {
                try $0.extendModel(id, points: points.points, features: points.features)
            }
            print(
                "added \(PointOptions.counted(points: result.points, features: result.features)) to model "
                    + printable(id) + (result.changed > 0 ? ", changed \(result.changed)" : ""))
        }
    }

    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a model takes what it does not declare.",
            discussion: """
                With on, the first value of an unknown point, event or attribute declares it: a number as double, true \
                and false as bool, a text as string, anything else as json.

                Example:
                  varve model set turbine --pass-through on
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The id of the model.") var id: String
        @Option(help: "on or off.") var passThrough: OnOff

        func run() throws {
            try data.changeRegistry { try $0.extendModel(id, isPassThrough: passThrough == .on) }
            let verb = passThrough == .on ? "takes" : "refuses"
            print("model \(printable(id)) \(verb) points, events and attributes that it does not declare")
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
            abstract: "Show a model with its points, events and attributes.",
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
            let hasRules = model.points.contains { $0.rule != nil }
            var table = TextTable(titles: ["POINT", "TYPE", "QUALITY", "UNIT"] + (hasRules ? ["RULE"] : []))
            for point in model.points {
                table.append(
                    [point.id, point.type.name, point.hasQuality ? "yes" : "no", point.unit]
                        + (hasRules ? [point.rule.map(RuleText.text)] : []))
            }
            print(table.text(), terminator: "")
            show(.event, of: model, title: "OUTPUT")
            show(.attribute, of: model, title: "RULE")
        }

        private func show(_ kind: ModelFeature.Kind, of model: Model, title: String) {
            let features = model.features.filter { $0.kind == kind }
            guard !features.isEmpty else { return }
            var table = TextTable(titles: [kind.name.uppercased(), title])
            for feature in features { table.append([feature.id, feature.rule.map(RuleText.text)]) }
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
                A thing model of EnOS, as its model API returns it: one model, a list, or the answer with "data". \
                Points, events and attributes get its data types; services are left out. What a model has already gets \
                the unit and the data type of the file, unless its values would have to change: that is refused.

                CSV columns: model,point,type and optionally quality,unit,rule,kind,name,passThrough; a row for each \
                point, or for each event or attribute with that kind.
                Points that a model lacks are added to it.

                Example:
                  varve model import models.csv
                """)

        @OptionGroup var options: RegistryImport

        func run() throws {
            try options.run(.models, noun: "model")
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print models as thing models of EnOS.",
            discussion: """
                One model is an object, several are a list. model import of the output gives equal models. What EnOS has \
                no word for is in members whose names begin with varve.

                Example:
                  varve model export turbine > turbine.json
                """)

        @OptionGroup var data: DataOptions
        @Argument(help: "The ids of the models; without any, all models are printed as a list.") var ids:
            [String] = []

        func run() throws {
            let registry = try data.listedRegistry()
            if ids.count == 1 { return print(try registry.model(ids[0]).enosText()) }
            print(
                Model.enosText(ids.isEmpty ? try registry.models() : try ids.map { try registry.model($0) }))
        }
    }
}
