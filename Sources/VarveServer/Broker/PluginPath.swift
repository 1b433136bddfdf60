// PluginPath.swift — where the broker's plugin is.

import VarveFile

/// Looks for the plugin.
enum PluginPath {
    private static let name = "libVarveBrokerPlugin.so"

    /// The plugin that the settings name, else the one beside the executable, else the one in `../lib/varve`.
    ///
    /// - Throws: `ServerError` if there is no plugin, `FileError` if the path of the settings cannot be examined.
    static func find(_ settings: ServerConfiguration, _ files: any FileSystem) throws -> String {
        if !settings.brokerPlugin.isEmpty {
            guard case .file? = try files.kind(settings.brokerPlugin) else {
                throw ServerError(
                    "the broker plugin \(settings.brokerPlugin) is not there: set broker.plugin")
            }
            return files.resolved(settings.brokerPlugin)
        }
        var parts = files.resolved("/proc/self/exe").split(separator: "/").dropLast()
        let beside = "/" + parts.joined(separator: "/") + "/" + name
        parts = parts.dropLast()
        let installed = "/" + parts.joined(separator: "/") + "/lib/varve/" + name
        for path in [beside, installed] {
            if case .file? = try? files.kind(path) { return path }
        }
        throw ServerError(
            "the broker plugin is neither \(beside) nor \(installed): build it, or set broker.plugin")
    }
}
