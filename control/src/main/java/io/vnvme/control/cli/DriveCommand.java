package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.DriveInfo;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "drive",
        description = "Take control of backing drives.",
        subcommands = {DriveCommand.ListCommand.class, DriveCommand.Claim.class, DriveCommand.Release.class})
final class DriveCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls, claim or release");
    }

    @Command(name = "ls", description = "List drives: claimed ones, and those that can be claimed.")
    static final class ListCommand extends ClientCommand {
        @Override
        void run(ApiClient client) {
            String reply = client.get("/api/v1/drives");
            if (json()) {
                print(reply);
                return;
            }
            List<DriveInfo> drives = client.readList(reply, DriveInfo.class);
            if (drives.isEmpty()) {
                print("no drives: start the daemon with --ram ram0=512M to have an embedded one");
                return;
            }
            Table table = new Table("NAME", "KIND", "STATE", "SIZE", "FREE", "VNVMES");
            for (DriveInfo drive : drives) {
                boolean claimed = drive.state().equals("claimed");
                table.row(
                        drive.name(),
                        drive.kind(),
                        drive.state(),
                        ByteSize.format(drive.sizeBytes()),
                        claimed ? ByteSize.format(drive.freeBytes()) : "-",
                        claimed ? String.valueOf(drive.vnvmeCount()) : "-");
            }
            print(table);
        }
    }

    @Command(name = "claim", description = "Take control of a drive.")
    static final class Claim extends ClientCommand {
        @Parameters(paramLabel = "SPEC", description = "an available drive, as 'vnvme drive ls' names it")
        private String drive = "";

        @Override
        void run(ApiClient client) {
            String reply = client.post("/api/v1/drives", new ClaimDrive(drive));
            if (json()) {
                print(reply);
                return;
            }
            DriveInfo info = client.read(reply, DriveInfo.class);
            print("claimed %s: %s".formatted(info.name(), ByteSize.format(info.sizeBytes())));
        }
    }

    @Command(name = "release", description = "Give up control of a drive that carries no vNVMe.")
    static final class Release extends ClientCommand {
        @Parameters(paramLabel = "DRIVE", description = "a claimed drive")
        private String drive = "";

        @Override
        void run(ApiClient client) {
            String reply = client.delete("/api/v1/drives/" + encoded(drive));
            print(
                    json()
                            ? reply
                            : "released " + client.read(reply, DriveInfo.class).name());
        }
    }
}
