package io.vnvme.control.cli;

import io.vnvme.control.model.CreateToken;
import io.vnvme.control.model.NewToken;
import io.vnvme.control.model.TokenInfo;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "token",
        description = "Tokens, which let programs and people in over TCP.",
        subcommands = {TokenCommand.Create.class, TokenCommand.ListCommand.class, TokenCommand.Remove.class})
final class TokenCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: create, ls or rm");
    }

    @Command(name = "create", description = "Make a token. It is shown once: whoever loses it gets another.")
    static final class Create extends ClientCommand {
        private static final Pattern TIME = Pattern.compile("([1-9][0-9]{0,5})([dhm])");

        @Parameters(paramLabel = "NAME", description = "who or what will use it")
        private String name = "";

        @Option(
                names = "--role",
                paramLabel = "ROLE",
                required = true,
                description =
                        "viewer (looks), operator (makes, attaches and removes vNVMes) or admin (all: drives, pools, tokens)")
        private String role = "";

        @Option(
                names = "--expires",
                paramLabel = "TIME",
                description = "how long it is good for: 90d, 12h or 30m (default: until it is removed)")
        private @Nullable String expires;

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/tokens", new CreateToken(name, role, seconds()));
            if (json()) {
                print(reply);
                return;
            }
            NewToken created = client.read(reply, NewToken.class);
            print(created.secret());
            note(
                    "token %s, %s, expires %s: keep the line above, which is not shown again; clients take it by --token-file"
                            .formatted(
                                    created.token().name(),
                                    created.token().role(),
                                    created.token().expiresAt() == null
                                            ? "never"
                                            : created.token().expiresAt()));
        }

        private @Nullable Long seconds() {
            if (expires == null) {
                return null;
            }
            Matcher time = TIME.matcher(expires);
            if (!time.matches()) {
                throw usage("--expires %s: it is like 90d, 12h or 30m".formatted(expires));
            }
            long count = Long.parseLong(time.group(1));
            return switch (time.group(2)) {
                case "d" -> Duration.ofDays(count).toSeconds();
                case "h" -> Duration.ofHours(count).toSeconds();
                default -> Duration.ofMinutes(count).toSeconds();
            };
        }
    }

    @Command(name = "ls", description = "List tokens, without their secrets.")
    static final class ListCommand extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/tokens");
            if (json()) {
                print(reply);
                return;
            }
            List<TokenInfo> tokens = client.readList(reply, TokenInfo.class);
            if (tokens.isEmpty()) {
                print("no tokens: make one with 'vnvme token create NAME --role operator'");
                return;
            }
            Table table = new Table("TOKEN", "ROLE", "CREATED", "EXPIRES");
            tokens.forEach(
                    t -> table.row(t.name(), t.role(), t.createdAt(), t.expiresAt() == null ? "never" : t.expiresAt()));
            print(table);
        }
    }

    @Command(name = "rm", description = "Remove a token: at once nobody is let in by it.")
    static final class Remove extends ClientCommand {
        @Parameters(paramLabel = "NAME", description = "the token")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.delete("/api/v1/tokens/" + encoded(name));
            print(json() ? reply : "removed token " + name);
        }
    }
}
