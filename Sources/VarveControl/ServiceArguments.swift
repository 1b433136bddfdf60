// ServiceArguments.swift — how `varve serve` runs the service: its executable, options and variables.

/// What the command and the service have agreed on.
public enum ServiceArguments {
    /// The name of the service's executable.
    public static let executable = "varved"

    /// The option by which the command hands its child the descriptor of the line between them; a number follows.
    public static let supervisor = "--supervisor"

    /// The option that leaves the supervisor out.
    public static let noSupervisor = "--no-supervise"

    /// The variable by which systemd says that it supervises the service.
    public static let systemdVariable = "NOTIFY_SOCKET"
}
