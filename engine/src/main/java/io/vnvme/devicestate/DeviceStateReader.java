package io.vnvme.devicestate;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Takes a device's state apart, once all of it is found to be whole. What its sections say is for others to judge. */
public final class DeviceStateReader {
    /** More than any device has: 65 submission queues with 1,024 commands in flight each. */
    public static final int SIZE_MAX = 8 << 20;

    /** One for each of 65 submission and 65 completion queues, and four more. */
    private static final int SECTIONS_MAX = 2 * 65 + 4;

    /** Those that nobody has taken, by type. */
    private final Map<Integer, List<Section>> sections;

    /**
     * @param stream of which nothing is copied
     * @throws DeviceStateException when it is none, not whole, altered, or of a version that is not known
     */
    public DeviceStateReader(byte[] stream) {
        ByteBuffer in = ByteBuffer.wrap(stream).order(ByteOrder.LITTLE_ENDIAN);
        if (stream.length < DeviceStateWriter.HEADER_BYTES || in.getLong(0) != DeviceStateWriter.MAGIC) {
            throw new DeviceStateException("this is no state of a device");
        }
        if (in.getInt(8) != DeviceStateWriter.VERSION) {
            throw new DeviceStateException("state of version %d: this program reads version %d"
                    .formatted(in.getInt(8), DeviceStateWriter.VERSION));
        }
        if (stream.length > SIZE_MAX) {
            throw new DeviceStateException("%d bytes are more than a state has".formatted(stream.length));
        }
        sections = split(stream, in);
    }

    private static Map<Integer, List<Section>> split(byte[] stream, ByteBuffer in) {
        Map<Integer, List<Section>> found = new LinkedHashMap<>();
        int at = DeviceStateWriter.HEADER_BYTES;
        for (int count = 0; count <= SECTIONS_MAX; count++) {
            if (stream.length - at < DeviceStateWriter.HEADER_BYTES) {
                throw new DeviceStateException("it ends behind %d bytes, without an end".formatted(stream.length));
            }
            int type = in.getInt(at);
            int length = in.getInt(at + 4);
            int crc = in.getInt(at + 8);
            int body = at + DeviceStateWriter.HEADER_BYTES;
            if (length < 0 || length > stream.length - body) {
                throw new DeviceStateException("section %d of %d bytes is not whole".formatted(type, length));
            }
            if (crc != DeviceStateWriter.crc(stream, body, length)) {
                throw new DeviceStateException("section %d at %d is altered".formatted(type, at));
            }
            if (type == DeviceStateWriter.END) {
                checkEnd(stream, in, at, length, count);
                return found;
            }
            found.computeIfAbsent(type, _ -> new ArrayList<>()).add(new Section(type, stream, body, length));
            at = body + length;
        }
        throw new DeviceStateException("more than %d sections".formatted(SECTIONS_MAX));
    }

    private static void checkEnd(byte[] stream, ByteBuffer in, int at, int length, int count) {
        int body = at + DeviceStateWriter.HEADER_BYTES;
        if (length != DeviceStateWriter.END_BYTES
                || body + length != stream.length
                || in.getInt(body) != count
                || in.getInt(body + 4) != DeviceStateWriter.crc(stream, 0, at)) {
            throw new DeviceStateException("its end does not fit what is before it");
        }
    }

    /** All sections of a type, in their order; they are taken out. */
    public List<Section> all(int type) {
        List<Section> some = sections.remove(type);
        return some == null ? List.of() : some;
    }

    /** The only section of a type. @throws DeviceStateException when there is none, or more */
    public Section only(int type) {
        List<Section> some = all(type);
        if (some.size() != 1) {
            throw new DeviceStateException("%d sections of type %d, not one".formatted(some.size(), type));
        }
        return some.getFirst();
    }

    /** @throws DeviceStateException when there is a section that nobody has taken */
    public void end() {
        if (!sections.isEmpty()) {
            throw new DeviceStateException("a section of type %d, which is not known"
                    .formatted(sections.keySet().iterator().next()));
        }
    }
}
