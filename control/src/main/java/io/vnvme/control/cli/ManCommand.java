package io.vnvme.control.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "man",
        description = {"Write the manual pages, one for each command.", "Then:  man -l DIR/vnvme.1"})
final class ManCommand implements Runnable {
    @Parameters(paramLabel = "DIR", description = "folder for them, made when it is not there: /usr/share/man/man1")
    private Path folder = Path.of(".");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        Map<String, String> pages = new ManPages(Vnvme.VERSION).of(Vnvme.complete());
        try {
            Files.createDirectories(folder);
            for (Map.Entry<String, String> page : pages.entrySet()) {
                Files.writeString(folder.resolve(page.getKey()), page.getValue());
            }
        } catch (IOException e) {
            throw new CliException("%s cannot be written: %s".formatted(folder, e.getMessage()), e);
        }
        spec.commandLine().getOut().println("wrote %d pages to %s".formatted(pages.size(), folder));
        spec.commandLine().getOut().flush();
    }
}
