package io.vnvme.testkit.lab;

/**
 * What a command in a guest came to.
 *
 * @param status its exit status
 * @param output what it wrote to standard output and standard error, without the last line's end
 */
public record Result(int status, String output) {
    /** Returns whether the command ended with status 0. */
    public boolean ok() {
        return status == 0;
    }
}
