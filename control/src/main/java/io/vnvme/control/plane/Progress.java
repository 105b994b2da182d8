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
    };

    /** How far it is. */
    void at(long doneBytes, long totalBytes);

    /** Whether to stop. */
    boolean cancelled();
}
