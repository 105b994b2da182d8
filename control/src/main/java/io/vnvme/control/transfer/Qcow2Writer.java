package io.vnvme.control.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;

/**
 * An image of QEMU's format, version 3 (QEMU, docs/interop/qcow2.txt), written front to back: a cluster for the header, then
 * clusters of data in the order they come, then the tables that say where they are, and the header last, so that a file that
 * was not finished is no image.
 */
final class Qcow2Writer implements ImageWriter {
    private static final int MAGIC = 0x514649fb;
    private static final int VERSION = 3;
    private static final int CLUSTER_BITS = 16;
    private static final int CLUSTER_BYTES = 1 << CLUSTER_BITS;
    private static final int HEADER_BYTES = 104;
    /** Entries of an L2 table, of 8 bytes each; so much of the disk has one table. */
    private static final int L2_ENTRIES = CLUSTER_BYTES / 8;
    /** Reference counts of 2 bytes in a block of them. */
    private static final int COUNTS_PER_BLOCK = CLUSTER_BYTES / 2;

    private static final int REFCOUNT_ORDER = 4;
    /** "Refcount is exactly one" in an entry of L1 and L2. */
    private static final long COPIED = 1L << 63;

    private final FileChannel channel;
    private final long sizeBytes;
    /** L2 tables by their index in L1: host offsets of clusters. */
    private final Map<Integer, long[]> tables = new TreeMap<>();

    private long nextCluster = 1;

    Qcow2Writer(Path file, long sizeBytes) throws IOException {
        this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        this.sizeBytes = sizeBytes;
    }

    @Override
    public void write(long offsetBytes, ByteBuffer data) throws IOException {
        long at = offsetBytes;
        while (data.hasRemaining()) {
            int within = (int) (at & (CLUSTER_BYTES - 1));
            int length = Math.min(data.remaining(), CLUSTER_BYTES - within);
            ByteBuffer piece = data.slice(data.position(), length);
            writeFully(cluster(at >>> CLUSTER_BITS) * CLUSTER_BYTES + within, piece);
            data.position(data.position() + length);
            at += length;
        }
    }

    /** Number of the host cluster that holds a cluster of the disk, a new one if there is none. */
    private long cluster(long index) {
        long[] table = tables.computeIfAbsent((int) (index / L2_ENTRIES), _ -> new long[L2_ENTRIES]);
        int entry = (int) (index % L2_ENTRIES);
        if (table[entry] == 0) {
            table[entry] = nextCluster++;
        }
        return table[entry];
    }

    @Override
    public void finish() throws IOException {
        long clusters = (sizeBytes + CLUSTER_BYTES - 1) >>> CLUSTER_BITS;
        int l1Entries = (int) Math.max(1, (clusters + L2_ENTRIES - 1) / L2_ENTRIES);
        long[] l1 = new long[l1Entries];
        for (Map.Entry<Integer, long[]> table : tables.entrySet()) {
            ByteBuffer l2 = ByteBuffer.allocate(CLUSTER_BYTES);
            for (long host : table.getValue()) {
                l2.putLong(host == 0 ? 0 : host * CLUSTER_BYTES | COPIED);
            }
            l1[table.getKey()] = nextCluster * CLUSTER_BYTES | COPIED;
            writeFully(nextCluster++ * CLUSTER_BYTES, l2.flip());
        }
        long l1Cluster = nextCluster;
        ByteBuffer l1Table = ByteBuffer.allocate(l1Entries * 8);
        for (long entry : l1) {
            l1Table.putLong(entry);
        }
        writeFully(l1Cluster * CLUSTER_BYTES, l1Table.flip());
        nextCluster += (l1Entries * 8L + CLUSTER_BYTES - 1) >>> CLUSTER_BITS;
        long tableCluster = nextCluster;
        int tableClusters = writeCounts(tableCluster);
        writeHeader(l1Cluster, l1Entries, tableCluster, tableClusters);
        channel.force(true);
    }

    /** Every cluster of the file is used once, those of the counts too. @return clusters of the table of count blocks */
    private int writeCounts(long tableCluster) throws IOException {
        long blocks = 0;
        long tableClusters = 1;
        long total;
        do {
            total = tableCluster + tableClusters + blocks;
            blocks = (total + COUNTS_PER_BLOCK - 1) / COUNTS_PER_BLOCK;
            tableClusters = (blocks * 8 + CLUSTER_BYTES - 1) / CLUSTER_BYTES;
        } while (total != tableCluster + tableClusters + blocks);
        ByteBuffer table = ByteBuffer.allocate((int) tableClusters * CLUSTER_BYTES);
        for (long i = 0; i < blocks; i++) {
            long blockCluster = tableCluster + tableClusters + i;
            table.putLong(blockCluster * CLUSTER_BYTES);
            ByteBuffer counts = ByteBuffer.allocate(CLUSTER_BYTES);
            long first = i * COUNTS_PER_BLOCK;
            for (long c = first; c < Math.min(total, first + COUNTS_PER_BLOCK); c++) {
                counts.putShort((short) 1);
            }
            writeFully(blockCluster * CLUSTER_BYTES, counts.clear());
        }
        writeFully(tableCluster * CLUSTER_BYTES, table.clear());
        return (int) tableClusters;
    }

    private void writeHeader(long l1Cluster, int l1Entries, long tableCluster, int tableClusters) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(CLUSTER_BYTES);
        header.putInt(MAGIC).putInt(VERSION);
        header.putLong(0).putInt(0); // no backing file
        header.putInt(CLUSTER_BITS).putLong(sizeBytes);
        header.putInt(0); // not encrypted
        header.putInt(l1Entries).putLong(l1Cluster * CLUSTER_BYTES);
        header.putLong(tableCluster * CLUSTER_BYTES).putInt(tableClusters);
        header.putInt(0).putLong(0); // no internal snapshots
        header.putLong(0).putLong(0).putLong(0); // features: none
        header.putInt(REFCOUNT_ORDER).putInt(HEADER_BYTES);
        writeFully(0, header.clear());
    }

    private void writeFully(long at, ByteBuffer data) throws IOException {
        long to = at;
        while (data.hasRemaining()) {
            to += channel.write(data, to);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
