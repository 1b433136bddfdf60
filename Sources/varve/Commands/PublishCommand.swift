// PublishCommand.swift — `varve publish`: sends files over MQTT into a channel and waits for every answer.
//
// Invariants:
// - Exit 0: no row was rejected; 3: some rows were rejected; 1: failed or stopped. With several files the worst
//   result counts.
// - Standard output gets only the result. Progress and notes go to standard error.

import ArgumentParser
import VarveFile
import VarveModel
import VarvePlatform
import VarvePublisher
import VarveTransfer

struct PublishCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Send history over MQTT into an offline channel, as a third-party system would.",
        discussion: """
            Reads the files that import reads. Each batch is sent until its reply says that it is on disk; the broker's \
            PUBACK says nothing. FILE.publish-journal remembers what was answered, so that running the same command again \
            after any interruption goes on where it stopped. Rows that cannot be read or that the receiver refuses go to FILE.rejected.csv with \
            line and reason; all others get in. Mend them in that file's column row and publish or import it by itself; \
            among other files it is passed over.

            With --channel each value has the type that the registry of --data says, and times without offset are of \
            the zone of their device, as at import. With --url there is no registry, so the text of a value decides its \
            type: a number is sent as a number, true and false as truth values, null and empty are missing, everything \
            else is a string. Times without offset are then UTC unless --tz or --tz-column says otherwise.

            With TLS (--tls, or mqtts:// in the URL) the broker's certificate must be of an authority that --ca names, or \
            that the system knows, and name the host of the URL. Otherwise not even the login is sent. With --channel the \
            authority of varve channel tls is found by itself.

            A password on the command line can be seen by other users of the machine: VARVE_PASSWORD takes one that \
            the URL leaves out.

            Examples:
              varve publish --channel plant_history history.csv.gz
              VARVE_PASSWORD=… varve publish --url 'mqtt://%25channel%25&wind@broker:11883' *.csv
              VARVE_PASSWORD=… varve publish --url 'mqtts://%25channel%25&wind@history.plant.example' --ca ca.pem *.csv
              varve publish --channel plant_history --wide --tz Europe/Paris - < plant.csv
            """)

    @OptionGroup var data: DataOptions
    @Argument(help: ArgumentHelp("Files to send; - is standard input.", valueName: "file"))
    var inputs: [String] = []
    @Option(help: ArgumentHelp("Send to this channel of the registry.", valueName: "name")) var channel:
        String?
    @Option(
        help: ArgumentHelp(
            "Send to this broker: mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for TLS, user and password "
                + "percent-encoded.",
            valueName: "url"))
    var url: String?
    @Option(
        help: ArgumentHelp(
            "The product, where the user name of the URL does not name it.", valueName: "key"))
    var product: String?
    @Option(
        help: ArgumentHelp(
            "The productSecret: log in with an EnOS signature instead of a password.", valueName: "secret"))
    var secret: String?
    @Option(
        help: ArgumentHelp(
            "The journal, for one file. (default: FILE.publish-journal)", valueName: "path"))
    var journal: String?
    @Flag(help: "Send everything again and ignore the journal.") var again = false
    @Option(help: "The most batches without a reply.") var window = 32
    @Option(help: "The most rows of a batch.") var batchRows = 1000
    @Option(help: "The most bytes of a message.") var batchBytes = 256 << 10
    @Option(help: ArgumentHelp("Seconds without a reply until a batch is sent again.", valueName: "seconds"))
    var replyTimeout = 30.0
    @Option(
        help: ArgumentHelp(
            "Fail after so many seconds without any reply. (default: never)", valueName: "seconds"))
    var giveUpAfter: Double?
    @OptionGroup(title: "Encryption") var encryption: EncryptionOptions
    @OptionGroup(title: "Reading options") var reading: ReadOptions
    @OptionGroup(title: "Reading options") var form: InputFormatOption
    @Option(
        help: ArgumentHelp(
            "The folder for files of rejected rows. (default: that of each file)", valueName: "folder"))
    var rejects: String?
    @Flag(help: "End with one line of JSON.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        guard (channel == nil) != (url == nil) else {
            throw ValidationError("give either --channel or --url")
        }
        guard !inputs.isEmpty else { throw ValidationError("name a file to send; - is standard input") }
        guard journal == nil || inputs.count == 1 else { throw ValidationError("--journal is for one file") }
        var options = PublisherOptions(host: "", port: 0, product: product ?? "product")
        apply(to: &options)
        do {
            try options.check()
        } catch {
            throw ValidationError("\(error)")
        }
        if let url {
            do {
                let parsed = try BrokerURL(url, wantsEncryption: encryption.tls)
                if !parsed.isEncrypted, encryption.isWanted {
                    throw ValidationError(
                        "--ca, --cert and --key need TLS: give --tls, or mqtts:// in the URL")
                }
                if let product, let named = parsed.channelProduct, !named.sameBytes(as: product) {
                    throw ValidationError(
                        "the user name of the URL is of product \(named), not of \(product)")
                }
            } catch let failure as BrokerURL.Failure {
                throw ValidationError("--url: \(failure)")
            }
        }
    }

    func run() throws {
        let started = SystemClock.monotonicNanoseconds()
        let named = try NamedFiles(inputs, rejectsFolder: rejects)
        let target = try target()
        if channel != nil, let advice = RunningService.startAdvice(data) {
            var errors = StandardErrors()
            print("varve: \(advice); publish waits for its answers", to: &errors)
        }
        var options = PublishFileOptions()
        try reading.apply(to: &options.reading)
        try FileTerms.apply(
            named.givenOptions + reading.givenOptions(product: target.options.product, format: form.format),
            to: &options.reading)
        options.types = target.types
        options.journalPath = journal
        options.sendsAgain = again
        options.spoolFolder = target.spoolFolder
        let progress = quiet ? nil : PublishProgressLine()
        defer { progress?.end() }
        Interruption.listen()
        let publisher = Publisher(
            target.options, progress: progress, isStopped: { Interruption.isRequested })
        defer { publisher.close() }
        var total = PublishResult()
        var failure: (any Error)?
        var files = FileReport(named)
        for input in named.paths {
            progress?.begin(input == "-" ? "standard input" : input)
            options.rejectedPath = named.rejectedPath(of: input)
            do {
                do {
                    let result = try publishOne(input, options, publisher)
                    progress?.end()
                    printNotes(result, of: input)
                    total.add(result)
                    files.add(
                        input, rejected: result.rejected, options.reading.isWide ? "samples" : "rows",
                        at: result.rejectedPath)
                } catch {
                    progress?.end()
                    try files.add(input, error)
                }
            } catch {
                failure = error
                break
            }
        }
        let seconds = Double(SystemClock.monotonicNanoseconds() - started) / 1e9
        // The files read before or beside a failed one are stored, so their result is printed.
        if files.done > 0 { report(total, seconds) }
        files.end(isStopped: failure != nil)
        if let failure { throw failure }
        if let lost = total.rejectedFailure { throw LostRejects(failure: lost) }
        if files.hasFailed { throw ExitCode.failure }
        if total.rejected > 0 { throw ExitCode(3) }
    }

    /// The channel or broker to send to, with the limits of the command line.
    ///
    /// - Throws: `PublishTarget.Failure` if it cannot be used, `BrokerURL.Failure` for a bad URL, and what opening the
    ///   registry throws.
    private func target() throws -> PublishTarget {
        var target: PublishTarget
        if let channel {
            target = try PublishTarget(channel: channel, data: data, secret: secret, encryption)
            if let product, !product.sameBytes(as: target.options.product) {
                throw PublishTarget.Failure(
                    description:
                        "channel \(channel) is of product \(target.options.product), not of \(product)")
            }
        } else {
            let url = try BrokerURL(url ?? "", wantsEncryption: encryption.tls)
            target = try PublishTarget(url: url, product: product, secret: secret, encryption)
        }
        apply(to: &target.options)
        return target
    }

    /// Sets the limits that the command line gives: window, batch sizes and waiting times.
    private func apply(to options: inout PublisherOptions) {
        options.window = window
        options.rowsPerBatch = batchRows
        options.bytesPerBatch = batchBytes
        options.replySeconds = replyTimeout
        options.giveUpSeconds = giveUpAfter
    }

    private func publishOne(
        _ input: String, _ options: PublishFileOptions, _ publisher: Publisher
    ) throws -> PublishResult {
        guard input == "-" else { return try publisher.publishFile(input, options) }
        return try publisher.publishStream(POSIXFile.standardInput(), options)
    }

    private func printNotes(_ result: PublishResult, of input: String) {
        var errors = StandardErrors()
        if let row = result.firstRejected {
            let name = input == "-" ? "standard input" : printable(input)
            print("varve: \(row.note(in: name, of: result.rejected))", to: &errors)
        }
        for note in result.notes { print("varve: \(note)", to: &errors) }
        if result.wasFinished {
            print(
                "varve: \(input) is finished: \(ImportSummary.grouped(result.rows)) rows; all of it was sent before, "
                    + "and --again sends it once more", to: &errors)
        }
    }

    private func report(_ result: PublishResult, _ seconds: Double) {
        if json { return print(PublishSummary.json(result, seconds: seconds)) }
        print(PublishSummary.text(result, seconds: seconds), terminator: "")
    }
}
