package io.vnvme.testkit.pool;

import io.vnvme.pool.format.Catalog;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.format.RecordReader;
import io.vnvme.pool.format.RecordWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Maps that make no sense under checksums that are right, from the page up to the catalog. For a pool of one drive. */
final class MapDamage {
    private final SplittableRandom random;
    private final MemorySegment drive;
    private final long dataOffset;

    MapDamage(SplittableRandom random, MemorySegment drive, long dataOffset) {
        this.random = random;
        this.drive = drive;
        this.dataOffset = dataOffset;
    }

    /**
     * Damages a map.
     *
     * @param at where the catalog lies
     * @param length of the catalog, which stays as it is
     * @return whether there was a map
     */
    boolean damage(long at, long length) {
        Catalog catalog;
        try {
            catalog = Catalog.read(new RecordReader(drive, at, length));
        } catch (FormatException e) {
            return false; // an earlier damage
        }
        List<Catalog.Layer> layers = new ArrayList<>(catalog.layers());
        layers.removeIf(layer -> layer.directory().isEmpty());
        if (layers.isEmpty()) {
            return false;
        }
        Catalog.Layer layer = layers.get(random.nextInt(layers.size()));
        List<Catalog.DirectoryPage> directory = new ArrayList<>(layer.directory());
        int index = random.nextInt(directory.size());
        Catalog.DirectoryPage page = directory.get(index);
        if (!inside(page.pageNumber())) {
            return false;
        }
        long where = place(page.pageNumber());
        directoryPage(where);
        directory.set(
                index,
                new Catalog.DirectoryPage(
                        random.nextInt(8) == 0 ? random.nextInt() >>> random.nextInt(31) : page.index(),
                        Checksum.of(drive, where, Geometry.BLOCK_BYTES),
                        random.nextInt(16) == 0 ? random.nextLong() >>> random.nextInt(63) : page.pageNumber()));
        List<Catalog.Layer> all = new ArrayList<>(catalog.layers());
        all.set(all.indexOf(layer), new Catalog.Layer(layer.attributes(), directory));
        RecordWriter out = new RecordWriter(Geometry.CLUSTER_BYTES);
        new Catalog(catalog.nextLayerId(), all, catalog.notes()).write(out);
        MemorySegment.copy(out.memory(), 0, drive, at, length);
        return true;
    }

    private void directoryPage(long at) {
        for (int i = 0; i < MapPage.REFERENCES; i++) {
            long reference = at + (long) i * MapPage.REFERENCE_BYTES;
            long number = drive.get(ValueLayout.JAVA_LONG, reference) - 1;
            if (number >= 0 && inside(number)) {
                mapPage(place(number));
                drive.set(ValueLayout.JAVA_INT, reference + 8, Checksum.of(drive, place(number), Geometry.BLOCK_BYTES));
            }
        }
        if (random.nextInt(4) == 0) {
            long reference = at + random.nextInt(MapPage.REFERENCES) * (long) MapPage.REFERENCE_BYTES;
            drive.set(ValueLayout.JAVA_LONG, reference, random.nextLong() >>> random.nextInt(64));
        }
    }

    private void mapPage(long at) {
        for (int i = random.nextInt(3); i > 0; i--) {
            long entry = at + random.nextInt(random.nextBoolean() ? 8 : MapPage.ENTRIES) * 8L;
            long before = drive.get(ValueLayout.JAVA_LONG, entry);
            drive.set(
                    ValueLayout.JAVA_LONG,
                    entry,
                    switch (random.nextInt(4)) {
                        case 0 -> random.nextLong();
                        case 1 -> before ^ 1L << random.nextInt(64);
                        // Another cluster of the pool, which may be somebody's.
                        case 2 -> before & -1L << 32 | random.nextInt(130);
                        default -> drive.get(ValueLayout.JAVA_LONG, at + random.nextInt(8) * 8L);
                    });
        }
    }

    private boolean inside(long pageNumber) {
        return pageNumber >= 0 && pageNumber < (drive.byteSize() - dataOffset) / Geometry.BLOCK_BYTES;
    }

    private long place(long pageNumber) {
        return dataOffset + (pageNumber << Geometry.BLOCK_SHIFT);
    }
}
