package io.vnvme.pool.format;

/**
 * A layer's attributes in the journal and in the catalog.
 *
 * <pre>
 * u32 id, u32 parent, u8 kind, u8 flags (1 thick, 2 checksums), u8 log2 of the block size, u8 0,
 * u64 size, u64 overlap, UUID, u64 created at, u16 length and name, u16 length and attributes
 * </pre>
 */
public final class LayerCodec {
    private static final int THICK = 1;
    private static final int CHECKSUMS = 2;

    private LayerCodec() {}

    public static void write(RecordWriter out, LayerRecord layer) {
        out.u32(layer.id()).u32(layer.parent()).u8(layer.kind().code());
        out.u8((layer.thick() ? THICK : 0) | (layer.checksums() ? CHECKSUMS : 0));
        out.u8(Integer.numberOfTrailingZeros(layer.blockSizeBytes())).u8(0);
        out.u64(layer.sizeBytes()).u64(layer.overlapBytes()).uuid(layer.uuid()).u64(layer.createdAtMillis());
        out.text(layer.name()).bytes(layer.attributes());
    }

    /** @throws FormatException when it is no layer */
    public static LayerRecord read(RecordReader in) {
        int id = in.u32();
        int parent = in.u32();
        LayerRecord.Kind kind = LayerRecord.Kind.of(in.u8());
        int flags = in.u8();
        int blockShift = in.u8();
        in.u8();
        if ((blockShift != 9 && blockShift != 12) || id <= 0 || parent < 0) {
            throw new FormatException("layer %d makes no sense".formatted(id));
        }
        LayerRecord layer = new LayerRecord(
                id,
                parent,
                kind,
                "",
                (flags & THICK) != 0,
                (flags & CHECKSUMS) != 0,
                1 << blockShift,
                in.u64(),
                in.u64(),
                in.uuid(),
                in.u64(),
                new byte[0]);
        String name = in.text(LayerRecord.NAME_BYTES_MAX);
        byte[] attributes = in.bytes(LayerRecord.ATTRIBUTE_BYTES_MAX);
        if (layer.sizeBytes() <= 0
                || layer.sizeBytes() > Geometry.VOLUME_BYTES_MAX
                || layer.sizeBytes() % Geometry.BLOCK_BYTES != 0
                || layer.overlapBytes() < 0
                || layer.overlapBytes() > layer.sizeBytes()
                || layer.overlapBytes() % Geometry.BLOCK_BYTES != 0) {
            throw new FormatException("layer %d has a size that makes no sense".formatted(id));
        }
        return layer.as(layer.kind(), name).withAttributes(attributes);
    }
}
