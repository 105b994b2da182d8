package io.vnvme.control.cli;

import io.vnvme.control.model.MigrateVm;
import io.vnvme.control.model.MigrationCheck;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "migrate",
        description = {
            "Move a running virtual machine to another host, with the virtual NVMe drives that it uses.",
            "A QEMU with the same options and '-incoming defer' waits for it there, without the drives: they are plugged in on the way."
        })
final class MigrateCommand extends JobCommand {
    @Parameters(paramLabel = "VM", description = "its name")
    private String vm = "";

    @Option(
            names = "--to",
            paramLabel = "PEER",
            required = true,
            description = "the host it goes to: see 'vnvme peer ls'")
    private String to = "";

    @Option(
            names = "--qmp",
            paramLabel = "SOCKET",
            description = "QMP socket, on that host, of the QEMU that waits (default: the same path as here)")
    private @Nullable String qmp;

    @Option(
            names = "--pool",
            paramLabel = "POOL",
            description = "pool there (default: the one of the same name, else the one that has the most space)")
    private @Nullable String pool;

    @Option(names = "--check", description = "only look whether it could, here and there")
    private boolean check;

    @Override
    protected boolean instead(ApiClient client) {
        if (!check) {
            return false;
        }
        String reply = client.post(path() + "/check", request());
        MigrationCheck found = client.read(reply, MigrationCheck.class);
        if (json()) {
            print(reply);
        } else {
            Table table = new Table("", "WHAT", "FOUND");
            found.findings().forEach(f -> table.row(f.ok() ? "ok" : "NO", f.what(), f.detail()));
            print(table);
        }
        if (!found.ready()) {
            throw new CliException("VM %s cannot migrate to %s as things are".formatted(vm, to));
        }
        return true;
    }

    private String path() {
        return "/api/v1/vms/%s/migrate".formatted(encoded(vm));
    }

    private MigrateVm request() {
        return new MigrateVm(to, qmp, pool);
    }

    @Override
    String start(ApiClient client) {
        return client.post(path(), request());
    }
}
