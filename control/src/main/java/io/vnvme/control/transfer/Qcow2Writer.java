package io.vnvme.control.transfer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Map;
import java.util.TreeMap;

/**
 * An image of QEMU's format, version 3 (QEMU, docs/interop/qcow2.txt), written front to back: a cluster for the header, the L1
 * table, then clusters of data and L2 tables in the order in which they are needed, then the reference counts, and the header
 * last, so that a file that was not finished is no image.
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

    private static final long L1_CLUSTER = 1;

    /** An L2 table: where it lies, and the numbers of host clusters by guest cluster; 0: none. */
    private static final class Table {
        final long cluster;
        final long[] hosts = new long[L2_ENTRIES];
        boolean changed = true;

        Table(long cluster) {
            this.cluster = cluster;
        }
    }

    private final FileChannel channel;
    private final long sizeBytes;
    private final int l1Entries;
    /** By their index in L1. */
    private final Map<Integer, Table> tables = new TreeMap<>();

    private long nextCluster;

    Qcow2Writer(FileChannel channel, long sizeBytes) {
        this.channel = channel;
        this.sizeBytes = sizeBytes;
        long clusters = (sizeBytes + CLUSTER_BYTES - 1) >>> CLUSTER_BITS;
        l1Entries = (int) Math.max(1, (clusters + L2_ENTRIES - 1) / L2_ENTRIES);
        nextCluster = L1_CLUSTER + clustersOf(l1Entries * 8L);
    }

    private static long clustersOf(long bytes) {
        return (bytes + CLUSTER_BYTES - 1) >>> CLUSTER_BITS;
    }

    /** Knows again what was kept of the tables; what lies beyond belongs to nothing then. */
    static Qcow2Writer reopen(FileChannel channel, long sizeBytes, long doneBytes) throws IOException {
        Qcow2Writer writer = new Qcow2Writer(channel, sizeBytes);
        ByteBuffer l1 = ByteBuffer.allocate(writer.l1Entries * 8);
        writer.readFully(L1_CLUSTER * CLUSTER_BYTES, l1);
        for (int index = 0; (long) index * L2_ENTRIES * CLUSTER_BYTES < doneBytes && l1.hasRemaining(); index++) {
            long entry = l1.getLong();
            if (entry != 0) {
                writer.readTable(index, writer.host(entry), doneBytes);
            }
        }
        channel.truncate(writer.nextCluster * CLUSTER_BYTES);
        return writer;
    }

    private long host(long entry) throws IOException {
        long offset = entry & ~COPIED;
        if ((entry & COPIED) == 0 || offset % CLUSTER_BYTES != 0 || offset >= channel.size() || offset <= 0) {
            throw new IOException("it is not as it was left");
        }
        return offset >>> CLUSTER_BITS;
    }

    /** Entries of what was not written yet may be there: a later time that was not noted any more has left them. */
    private void readTable(int index, long cluster, long doneBytes) throws IOException {
        Table table = new Table(cluster);
        ByteBuffer l2 = ByteBuffer.allocate(CLUSTER_BYTES);
        readFully(cluster * CLUSTER_BYTES, l2);
        long first = (long) index * L2_ENTRIES;
        for (int i = 0; i < L2_ENTRIES && (first + i) * CLUSTER_BYTES < doneBytes; i++) {
            long entry = l2.getLong();
            if (entry != 0) {
                table.hosts[i] = host(entry);
                nextCluster = Math.max(nextCluster, Math.max(cluster, table.hosts[i]) + 1);
                tables.put(index, table);
            }
        }
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
        Table table = tables.computeIfAbsent((int) (index / L2_ENTRIES), _ -> new Table(nextCluster++));
        int entry = (int) (index % L2_ENTRIES);
        if (table.hosts[entry] == 0) {
            table.hosts[entry] = nextCluster++;
            table.changed = true;
        }
        return table.hosts[entry];
    }

    @Override
    public void keep() throws IOException {
        writeTables();
        channel.force(true);
    }

    private void writeTables() throws IOException {
        ByteBuffer l1 = ByteBuffer.allocate(l1Entries * 8);
        for (Map.Entry<Integer, Table> indexed : tables.entrySet()) {
            Table table = indexed.getValue();
            l1.putLong(indexed.getKey() * 8, table.cluster * CLUSTER_BYTES | COPIED);
            if (table.changed) {
                ByteBuffer l2 = ByteBuffer.allocate(CLUSTER_BYTES);
                for (long host : table.hosts) {
                    l2.putLong(host == 0 ? 0 : host * CLUSTER_BYTES | COPIED);
                }
                writeFully(table.cluster * CLUSTER_BYTES, l2.flip());
                table.changed = false;
            }
        }
        writeFully(L1_CLUSTER * CLUSTER_BYTES, l1);
    }

    @Override
    public void finish() throws IOException {
        writeTables();
        long tableCluster = nextCluster;
        int tableClusters = writeCounts(tableCluster);
        writeHeader(tableCluster, tableClusters);
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

    private void writeHeader(long tableCluster, int tableClusters) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(CLUSTER_BYTES);
        header.putInt(MAGIC).putInt(VERSION);
        header.putLong(0).putInt(0); // no backing file
        header.putInt(CLUSTER_BITS).putLong(sizeBytes);
        header.putInt(0); // not encrypted
        header.putInt(l1Entries).putLong(L1_CLUSTER * CLUSTER_BYTES);
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

    private void readFully(long at, ByteBuffer data) throws IOException {
        while (data.hasRemaining()) {
            if (channel.read(data, at + data.position()) < 0) {
                throw new IOException("it is shorter than it was left");
            }
        }
        data.flip();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
