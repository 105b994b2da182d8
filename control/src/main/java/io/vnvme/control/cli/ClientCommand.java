package io.vnvme.control.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands share that ask a running daemon. */
public abstract class ClientCommand implements Callable<Integer> {
    @Option(
            names = "--run",
            paramLabel = "DIR",
            defaultValue = "${env:VNVME_RUN:-/run/vnvme}",
            description = "run folder of the daemon (default: VNVME_RUN, or /run/vnvme)")
    private Path runDir = Path.of("/run/vnvme");

    @Option(
            names = "--server",
            paramLabel = "URL",
            defaultValue = "${env:VNVME_SERVER}",
            description =
                    "a daemon elsewhere, such as https://host:8443 (default: VNVME_SERVER, or the one of this host)")
    private @Nullable String server;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            defaultValue = "${env:VNVME_TOKEN_FILE}",
            description = "file that holds the token for --server (default: VNVME_TOKEN_FILE)")
    private @Nullable Path tokenFile;

    @Option(
            names = "--fingerprint",
            paramLabel = "SHA256",
            defaultValue = "${env:VNVME_FINGERPRINT}",
            description =
                    "the certificate of --server, when this host does not trust it otherwise (default: VNVME_FINGERPRINT)")
    private @Nullable String fingerprint;

    @Option(names = "--json", description = "print what the API returns, as JSON")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** Asks the daemon and prints what it says. */
    protected abstract void run(ApiClient client);

    @Override
    public final Integer call() {
        run(client());
        return status();
    }

    /** The exit status of what was done; what could not be done is told by a {@link CliException}. */
    protected int status() {
        return 0;
    }

    Path runDir() {
        return runDir;
    }

    private ApiClient client() {
        if (server == null || server.isEmpty()) {
            return new ApiClient(runDir);
        }
        if (tokenFile == null) {
            throw usage("--server needs --token-file or VNVME_TOKEN_FILE: a file that holds a token");
        }
        return new ApiClient(new TlsTransport(
                server, tokenFile, Optional.ofNullable(fingerprint).filter(f -> !f.isEmpty())));
    }

    protected boolean json() {
        return json;
    }

    /** A line, or lines, for the person or program who called. */
    protected void print(String text) {
        spec.commandLine().getOut().println(text);
        spec.commandLine().getOut().flush();
    }

    void print(Table table) {
        spec.commandLine().getOut().print(table.text(Terminal.width()));
        spec.commandLine().getOut().flush();
    }

    /** Text without a line's end. */
    void printRaw(String text) {
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
    }

    /**
     * Asks whether to go on.
     *
     * @throws CliException when the answer is no, or there is nobody to ask
     */
    protected void confirm(String what) {
        if (!Terminal.isInputTerminal()) {
            throw new CliException(what + "; say --yes as well, since there is no terminal to ask at");
        }
        spec.commandLine().getErr().print(what + "\ngo on? [y/N] ");
        spec.commandLine().getErr().flush();
        try {
            String answer = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
            if (answer == null || !answer.strip().matches("(?i)y|yes")) {
                throw new CliException("nothing was changed");
            }
        } catch (IOException e) {
            throw new CliException("no answer (%s): nothing was changed".formatted(e.getMessage()), e);
        }
    }

    /** As {@link #confirm} of a person at a terminal; a program that says it means it. */
    void confirmOfPerson(String what) {
        if (Terminal.isInputTerminal()) {
            confirm(what);
        }
    }

    /** For the person who called, beside the output. */
    void note(String text) {
        spec.commandLine().getErr().println(text);
        spec.commandLine().getErr().flush();
    }

    /** Beside the output, so that it harms no program that reads that. */
    void warn(String text) {
        spec.commandLine().getErr().println("warning: " + text);
        spec.commandLine().getErr().flush();
    }

    /** What was asked makes no sense: exit status 2. */
    protected ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** A path as the daemon, which has another working folder, finds it. */
    static String absolute(Path path) {
        return path.toAbsolutePath().normalize().toString();
    }

    /** A name as a part of a path of the API. */
    protected static String encoded(String name) {
        if (name.indexOf('/') >= 0) {
            throw new CliException("'%s' is no name: names have no '/' in them".formatted(name));
        }
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** How long something took, as people say it. */
    static String duration(long micros) {
        return micros < 1_000_000
                ? String.format(Locale.ROOT, "%.1f ms", micros / 1e3)
                : String.format(Locale.ROOT, "%.2f s", micros / 1e6);
    }
}
