package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A submission queue entry under construction: names for what is common, {@link #dword} for everything else. */
public final class Command {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int DWORD_BYTES = 4;
    private static final int FUSE_SHIFT = 8;
    private static final int PSDT_SHIFT = 14;
    private static final int FUA = 1 << 30;

    private final MemorySegment sqe = MemorySegment.ofArray(new long[Sqe.SIZE / Long.BYTES]);

    private Command() {}

    public static Command of(int opcode) {
        return new Command().dword(0, opcode);
    }

    /** Any 64 bytes. */
    public static Command raw(byte[] bytes) {
        Command command = new Command();
        MemorySegment.copy(bytes, 0, command.sqe, ValueLayout.JAVA_BYTE, 0, Sqe.SIZE);
        return command;
    }

    /** @param blockCount 1-based */
    public static Command read(int nsid, long lba, int blockCount) {
        return of(IoOpcode.READ).nsid(nsid).range(lba, blockCount);
    }

    /** @param blockCount 1-based */
    public static Command write(int nsid, long lba, int blockCount) {
        return of(IoOpcode.WRITE).nsid(nsid).range(lba, blockCount);
    }

    public static Command flush(int nsid) {
        return of(IoOpcode.FLUSH).nsid(nsid);
    }

    public static Command identify(int cns, int nsid) {
        return of(AdminOpcode.IDENTIFY).nsid(nsid).dword(10, cns);
    }

    public static Command getFeature(int feature) {
        return of(AdminOpcode.GET_FEATURES).dword(10, feature);
    }

    public static Command setFeature(int feature, int value) {
        return of(AdminOpcode.SET_FEATURES).dword(10, feature).dword(11, value);
    }

    /** Get Log Page from offset 0. */
    public static Command logPage(int page, long lengthBytes) {
        long dwords = lengthBytes / DWORD_BYTES - 1;
        return of(AdminOpcode.GET_LOG_PAGE)
                .nsid(-1)
                .dword(10, page | ((int) (dwords & 0xFFFF) << 16))
                .dword(11, (int) (dwords >>> 16));
    }

    public static Command abort(int sqId, int cid) {
        return of(AdminOpcode.ABORT).dword(10, sqId | cid << 16);
    }

    public Command nsid(int nsid) {
        return dword(1, nsid);
    }

    /** Command dword {@code number}, 0 to 15. */
    public Command dword(int number, int value) {
        sqe.set(INT, (long) number * DWORD_BYTES, value);
        return this;
    }

    public int dword(int number) {
        return sqe.get(INT, (long) number * DWORD_BYTES);
    }

    /** @param blockCount 1-based */
    public Command range(long lba, int blockCount) {
        sqe.set(LONG, Sqe.CDW10, lba);
        return dword(12, (dword(12) & ~0xFFFF) | ((blockCount - 1) & 0xFFFF));
    }

    public Command forceUnitAccess() {
        return dword(12, dword(12) | FUA);
    }

    /** @param fuse {@link Sqe#FUSE_FIRST} or {@link Sqe#FUSE_SECOND} */
    public Command fuse(int fuse) {
        return dword(0, (dword(0) & ~(3 << FUSE_SHIFT)) | (fuse << FUSE_SHIFT));
    }

    public Command data(DataPointer pointer) {
        return data(pointer.low(), pointer.high(), pointer.psdt());
    }

    /** The data pointer as it is. */
    public Command data(long low, long high, int psdt) {
        sqe.set(LONG, Sqe.DPTR_LOW, low);
        sqe.set(LONG, Sqe.DPTR_HIGH, high);
        return dword(0, (dword(0) & ~(3 << PSDT_SHIFT)) | (psdt << PSDT_SHIFT));
    }

    /** PRP entries as they are. */
    public Command prp(long prp1, long prp2) {
        return data(prp1, prp2, Sqe.PSDT_PRP);
    }

    public Command metadata(long pointer) {
        sqe.set(LONG, Sqe.MPTR, pointer);
        return this;
    }

    public Command cid(int cid) {
        return dword(0, (dword(0) & 0xFFFF) | (cid << 16));
    }

    public int cid() {
        return dword(0) >>> 16;
    }

    /** The 64 bytes themselves. */
    public MemorySegment bytes() {
        return sqe;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("sqe");
        for (int i = 0; i < Sqe.SIZE / DWORD_BYTES; i++) {
            text.append(" %x".formatted(dword(i)));
        }
        return text.toString();
    }
}
