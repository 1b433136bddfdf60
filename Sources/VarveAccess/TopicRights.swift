// TopicRights.swift — which topics a login may write and read.

/// The rights of logins.
package enum TopicRights {}
