package io.vnvme.control.plane;

/** Who waits for long work. */
public interface Progress {
    Progress NONE = new Progress() {
        @Override
        public void at(long doneBytes, long totalBytes) {}

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public boolean interrupted() {
            return false;
        }

        @Override
        public boolean markDue() {
            return false;
        }
    };

    /** How far it is. */
    void at(long doneBytes, long totalBytes);

    /** Whether to stop. */
    boolean cancelled();

    /** Whether it is to stop only because the daemon ends, and will go on: what it needs for that stays. */
    boolean interrupted();

    /** Whether it is time again to note from where it can go on after a restart. */
    boolean markDue();
}
