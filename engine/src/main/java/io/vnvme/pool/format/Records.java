package io.vnvme.pool.format;

/**
 * The records of the journal. Each holds a value, not a change: applied twice it does no harm.
 *
 * <pre>
 * u8 1, u8[3], u32 layer, u64 cluster index, u64 entry      what a layer has there
 * u8 2, u8[7], attributes ({@link LayerCodec}), padded to 8  a layer is there and like this
 * u8 3, u8[3], u32 layer                                     a layer and its map are gone
 * u8 4, u8, u16 kind, u32 0, u64 key, u64 value              a note; value 0: it is gone
 * </pre>
 */
public final class Records {
    public static final int ENTRY_BYTES = 24;
    public static final int NOTE_BYTES = 24;
    /** More than any layer record takes, in bytes. */
    public static final int LAYER_BYTES_MAX = 2560;

    private static final int ENTRY = 1;
    private static final int LAYER = 2;
    private static final int GONE = 3;
    private static final int NOTE = 4;

    /** Who takes what records say. */
    public interface Sink {
        void entry(int layer, long clusterIndex, long entry);

        void layer(LayerRecord layer);

        void gone(int layer);

        void note(int kind, long key, long value);
    }

    private Records() {}

    public static void entry(RecordWriter out, int layer, long clusterIndex, long entry) {
        out.u32(ENTRY).u32(layer).u64(clusterIndex).u64(entry);
    }

    public static void layer(RecordWriter out, LayerRecord layer) {
        out.u64(LAYER);
        LayerCodec.write(out, layer);
        out.pad(8);
    }

    public static void gone(RecordWriter out, int layer) {
        out.u32(GONE).u32(layer);
    }

    public static void note(RecordWriter out, int kind, long key, long value) {
        out.u32(NOTE | kind << 16).u32(0).u64(key).u64(value);
    }

    /**
     * Hands all records in {@code in} to {@code sink}.
     *
     * @param origin where the records begin in memory, which padding counts from
     * @throws FormatException when there is something else
     */
    public static void read(RecordReader in, long origin, Sink sink) {
        while (in.remaining() > 0) {
            int head = in.u32();
            int word = in.u32();
            switch (head & 0xff) {
                case ENTRY -> sink.entry(word, in.u64(), in.u64());
                case LAYER -> {
                    sink.layer(LayerCodec.read(in));
                    in.align(8, origin);
                }
                case GONE -> sink.gone(word);
                case NOTE -> sink.note(head >>> 16, in.u64(), in.u64());
                default -> throw new FormatException("the journal has a record of unknown kind " + (head & 0xff));
            }
        }
    }
}
