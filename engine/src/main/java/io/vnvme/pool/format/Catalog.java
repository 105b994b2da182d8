package io.vnvme.pool.format;

import java.util.ArrayList;
import java.util.List;

/**
 * The root of a checkpoint: all layers with their directories, and all notes.
 *
 * <pre>
 * u32 magic "vNVc", u32 number of layers, u32 number of notes, u32 id of the next layer
 * each layer: its attributes ({@link LayerCodec}), u32 number of directory pages,
 *             each: u32 index, u32 CRC32C, u64 page number
 * each note:  u32 kind, u64 key, u64 value
 * </pre>
 */
public record Catalog(int nextLayerId, List<Layer> layers, List<Note> notes) {
    private static final int MAGIC = 0x63564e76;
    /** Most layers of a pool: what bounds the memory of whoever reads a catalog. */
    public static final int LAYERS_MAX = 65_536;

    private static final int NOTES_MAX = 1 << 20;

    /** @param directory its directory pages, by rising index */
    public record Layer(LayerRecord attributes, List<DirectoryPage> directory) {}

    /** @param index which part of the map: page numbers {@code index * 256} and up */
    public record DirectoryPage(int index, int checksum, long pageNumber) {}

    /** A value that another part of the engine keeps with the pool. */
    public record Note(int kind, long key, long value) {}

    public void write(RecordWriter out) {
        out.u32(MAGIC).u32(layers.size()).u32(notes.size()).u32(nextLayerId);
        for (Layer layer : layers) {
            LayerCodec.write(out, layer.attributes());
            out.u32(layer.directory().size());
            for (DirectoryPage page : layer.directory()) {
                out.u32(page.index()).u32(page.checksum()).u64(page.pageNumber());
            }
        }
        for (Note note : notes) {
            out.u32(note.kind()).u64(note.key()).u64(note.value());
        }
    }

    /** @throws FormatException when it is no catalog */
    public static Catalog read(RecordReader in) {
        if (in.u32() != MAGIC) {
            throw new FormatException("there is no catalog");
        }
        int layerCount = in.u32();
        int noteCount = in.u32();
        int nextLayerId = in.u32();
        if (layerCount < 0 || layerCount > LAYERS_MAX || noteCount < 0 || noteCount > NOTES_MAX || nextLayerId <= 0) {
            throw new FormatException("the catalog makes no sense");
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < layerCount; i++) {
            LayerRecord attributes = LayerCodec.read(in);
            layers.add(new Layer(attributes, directory(in, attributes)));
        }
        List<Note> notes = new ArrayList<>();
        for (int i = 0; i < noteCount; i++) {
            notes.add(new Note(in.u32(), in.u64(), in.u64()));
        }
        return new Catalog(nextLayerId, layers, notes);
    }

    private static List<DirectoryPage> directory(RecordReader in, LayerRecord layer) {
        int count = in.u32();
        if (count < 0 || in.remaining() / 16 < count) {
            throw new FormatException("the directory of layer %d ends in the middle".formatted(layer.id()));
        }
        List<DirectoryPage> pages = new ArrayList<>(count);
        int last = -1;
        for (int i = 0; i < count; i++) {
            DirectoryPage page = new DirectoryPage(in.u32(), in.u32(), in.u64());
            if (page.index() <= last || page.pageNumber() <= 0) {
                throw new FormatException("the directory of layer %d makes no sense".formatted(layer.id()));
            }
            last = page.index();
            pages.add(page);
        }
        return pages;
    }
}
