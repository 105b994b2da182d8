package io.vnvme.control.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The script that has a shell complete commands, options and files. */
@Command(
        name = "completion",
        description = {
            "Print the script that completes this program's commands in bash, zsh or fish.",
            "In use at once:  source <(vnvme completion)   or   vnvme completion fish | source",
            "In every shell:  vnvme completion > /etc/bash_completion.d/vnvme",
            "                 vnvme completion fish > /etc/fish/completions/vnvme.fish"
        })
final class CompletionCommand implements Runnable {
    enum Shell {
        bash,
        zsh,
        fish
    }

    @Parameters(
            arity = "0..1",
            paramLabel = "SHELL",
            defaultValue = "bash",
            description = "bash (default), zsh or fish")
    private Shell shell = Shell.bash;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        // zsh runs bash's.
        String script = shell == Shell.fish
                ? FishCompletion.of(Vnvme.complete().getCommandSpec())
                : AutoComplete.bash("vnvme", Vnvme.complete());
        spec.commandLine().getOut().print(script);
        spec.commandLine().getOut().flush();
    }
}
