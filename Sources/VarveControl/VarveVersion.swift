// VarveVersion.swift — the version that the commands and the service print.

/// The version of this build.
public enum VarveVersion {
    /// The version, as three numbers.
    public static let current = "0.1.0"
}
