package io.vnvme.bench.command;

import io.vnvme.control.cli.Vnvme;
import java.util.Map;

/** The program {@code vnvme} with the commands that need a driver of the testkit. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(Vnvme.execute(Map.of("bench", BenchCommand::new), args));
    }
}
