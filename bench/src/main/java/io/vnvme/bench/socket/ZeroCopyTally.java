package io.vnvme.bench.socket;

import io.vnvme.os.ZeroCopyStream;

/** What the kernel said of the calls by which it was asked not to copy. */
final class ZeroCopyTally implements ZeroCopyStream.Notices {
    private long calls;
    private long copied;

    @Override
    public void done(long count, boolean wasCopied) {
        calls += count;
        copied += wasCopied ? count : 0;
    }

    /** Those that it is done with. */
    long calls() {
        return calls;
    }

    /** Of those, the ones whose bytes it copied in spite of it. */
    long copied() {
        return copied;
    }
}
