package io.vnvme.control.cli;

import picocli.CommandLine.Option;

/** A command that shows something, once or again and again as it changes. */
abstract class WatchableCommand extends ClientCommand {
    @Option(names = "--watch", description = "show it again whenever it changes; q ends it")
    private boolean watch;

    /**
     * What there is to be shown now, without the last line's end; the API's answer for {@code --json}.
     *
     * @param width of the terminal in characters
     */
    abstract String page(ApiClient client, int width);

    /** What is to be said beside it, once. */
    void shown() {}

    final boolean watching() {
        return watch;
    }

    @Override
    protected final void run(ApiClient client) {
        if (!watch) {
            print(page(client, Terminal.width()));
            shown();
        } else if (!json() && Terminal.isTerminal() && Terminal.isInputTerminal()) {
            // What is wrong now is said where it can be read.
            page(client, Terminal.width());
            Watch.onScreen(client, size -> page(client, size.columns()));
        } else {
            Watch.inLines(client, () -> page(client, Terminal.width()), this::print);
        }
    }
}
