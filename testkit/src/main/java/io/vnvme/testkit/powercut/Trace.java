package io.vnvme.testkit.powercut;

import io.vnvme.testkit.sim.PowerCutDrive;

/** The last things that happened, cheap to write, for the one time in millions when somebody has to read them. */
final class Trace {
    private static final int KEPT = 160;

    private final String[] who = new String[KEPT];
    private final String[] what = new String[KEPT];
    private final long[] offset = new long[KEPT];
    private final long[] length = new long[KEPT];
    private final int[] number = new int[KEPT];
    private long count;

    void add(String subject, String event, long offsetBytes, long lengthBytes, int operation) {
        int i = (int) (count++ % KEPT);
        who[i] = subject;
        what[i] = event;
        offset[i] = offsetBytes;
        length[i] = lengthBytes;
        number[i] = operation;
    }

    void drive(PowerCutDrive drive, String event, long offsetBytes, long lengthBytes) {
        add(drive.name(), event, offsetBytes, lengthBytes, 0);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("the last operations, oldest first:\n");
        for (long k = Math.max(0, count - KEPT); k < count; k++) {
            int i = (int) (k % KEPT);
            text.append("  %7d  %-10s %-12s".formatted(k, who[i], what[i]));
            if (length[i] != 0) {
                text.append(" %d bytes at %d (cluster %d + %d)"
                        .formatted(length[i], offset[i], offset[i] >> 16, offset[i] & 0xffff));
            }
            text.append(number[i] == 0 ? "" : ", operation " + number[i]).append('\n');
        }
        return text.toString();
    }
}
