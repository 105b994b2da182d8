package io.vnvme.testkit.driver;

/**
 * How a controller is enabled.
 *
 * @param adminEntryCount depth of both admin queues
 * @param pageShift memory page size is 2^pageShift bytes; 12 or more
 * @param arbitration CC.AMS
 * @param commandSets CC.CSS
 */
public record EnableOptions(int adminEntryCount, int pageShift, int arbitration, int commandSets) {
    /** What most hosts choose. */
    public static EnableOptions usual() {
        return new EnableOptions(32, 12, 0, 0);
    }

    public EnableOptions withAdminEntryCount(int count) {
        return new EnableOptions(count, pageShift, arbitration, commandSets);
    }

    public EnableOptions withPageShift(int shift) {
        return new EnableOptions(adminEntryCount, shift, arbitration, commandSets);
    }

    public EnableOptions withArbitration(int mechanism) {
        return new EnableOptions(adminEntryCount, pageShift, mechanism, commandSets);
    }

    public EnableOptions withCommandSets(int selection) {
        return new EnableOptions(adminEntryCount, pageShift, arbitration, selection);
    }

    /** CC with I/O queue entry sizes of 64 and 16 bytes, and EN. */
    int configuration() {
        return 1 | commandSets << 4 | ((pageShift - 12) << 7) | arbitration << 11 | 6 << 16 | 4 << 20;
    }
}
