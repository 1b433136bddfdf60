// Store+Messages.swift — merges messages files while commits go on.

import VarveFile
import VarveSegment

extension Store {
    /// Merges messages files of one tier, if a merge is due.
    ///
    /// Durability: the merged file is durable before the manifest that names it. Its inputs are removed after that.
    ///
    /// - Returns: Whether a merge was done; false also if a flush took one of the files meanwhile.
    /// - Throws: `StorageError`; `FileError`.
    func mergeMessagesIfDue() throws -> Bool {
        let horizon = context.options.messageHorizon
        guard let due = MessageMerge.due(view.manifest.messages, horizon: horizon) else {
            return false
        }
        // The inputs are opened under the lock, so that no flush removes them first.
        let inputs: [MessageFile]? = try change { _, view in
            guard Set(due).isSubset(of: view.manifest.messages) else { return nil }
            return try due.map { try MessageFile(context.folder, $0) }
        }
        guard let inputs else { return false }
        let output = try MessageMerge.write(inputs, and: [], clock: nil, context.folder)
        do {
            let merged = try MessageFile(context.folder, output)
            try merged.check()
            let isDone = try change { state, view in
                guard Set(due).isSubset(of: view.manifest.messages) else { return false }
                var manifest = view.manifest
                var change = ManifestChange(context, state)
                try change.replaceMessages(due, by: output, in: &manifest)
                try change.commit(&manifest)
                view.manifest = manifest
                return true
            }
            if !isDone { discard(output) }
            return isDone
        } catch {
            // After a commit of unknown outcome the newest manifest may name the output.
            if !needsReopen { discard(output) }
            throw error
        }
    }

    private func discard(_ output: MessageReference) {
        try? context.folder.remove(StoreFolder.immutable(output.id, .messages))
    }
}
