package io.vnvme.control.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The script that has a shell complete commands, options and files. */
@Command(
        name = "completion",
        description = {
            "Print the script that completes this program's commands in bash and zsh.",
            "In use at once:  source <(vnvme completion)",
            "In every shell:  vnvme completion > /etc/bash_completion.d/vnvme"
        })
final class CompletionCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine().getOut().print(AutoComplete.bash("vnvme", Vnvme.complete()));
        spec.commandLine().getOut().flush();
    }
}
