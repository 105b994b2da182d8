package io.vnvme.bench.peer;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * The functions of libblkio 1.x that a polled reader and writer needs (blkio.h of libblkio 1.5; manual page blkio(3)).
 *
 * <p>The library is loaded from the file that the system property {@value #LIBRARY_PROPERTY} names, else by its name
 * through the system's loader.
 */
final class Blkio {
    static final String LIBRARY_PROPERTY = "vnvme.libblkio";

    /** {@code struct blkio_mem_region}: address, length, IO virtual address, file offset, file descriptor, flags. */
    static final MemoryLayout MEMORY_REGION = MemoryLayout.structLayout(
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT);
    /** {@code struct blkio_completion}: user data, error message, result, 12 reserved bytes. */
    static final long COMPLETION_BYTES = 32;

    static final long COMPLETION_USER_DATA = 0;
    static final long COMPLETION_RESULT = 16;

    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private static final SymbolLookup LIBRARY = library();

    private static final MethodHandle ERROR = handle("blkio_get_error_msg", FunctionDescriptor.of(POINTER));
    private static final MethodHandle CREATE = handle("blkio_create", FunctionDescriptor.of(INT, POINTER, POINTER));
    private static final MethodHandle CONNECT = handle("blkio_connect", FunctionDescriptor.of(INT, POINTER));
    private static final MethodHandle START = handle("blkio_start", FunctionDescriptor.of(INT, POINTER));
    private static final MethodHandle DESTROY = handle("blkio_destroy", FunctionDescriptor.ofVoid(POINTER));
    private static final MethodHandle SET_STRING =
            handle("blkio_set_str", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER));
    private static final MethodHandle GET_LONG =
            handle("blkio_get_uint64", FunctionDescriptor.of(INT, POINTER, POINTER, POINTER));
    private static final MethodHandle ALLOCATE =
            handle("blkio_alloc_mem_region", FunctionDescriptor.of(INT, POINTER, POINTER, LONG));
    private static final MethodHandle MAP =
            handle("blkio_map_mem_region", FunctionDescriptor.of(INT, POINTER, POINTER));
    private static final MethodHandle QUEUE = handle("blkio_get_queue", FunctionDescriptor.of(POINTER, POINTER, INT));
    private static final MethodHandle COMPLETION_FD =
            handle("blkioq_set_completion_fd_enabled", FunctionDescriptor.ofVoid(POINTER, ValueLayout.JAVA_BOOLEAN));
    private static final MethodHandle READ = handle("blkioq_read", transfer());
    private static final MethodHandle WRITE = handle("blkioq_write", transfer());
    private static final MethodHandle DO_IO =
            handle("blkioq_do_io", FunctionDescriptor.of(INT, POINTER, POINTER, INT, INT, POINTER));

    private Blkio() {}

    private static SymbolLookup library() {
        String file = System.getProperty(LIBRARY_PROPERTY);
        try {
            return file == null
                    ? SymbolLookup.libraryLookup("libblkio.so.1", Arena.global())
                    : SymbolLookup.libraryLookup(Path.of(file), Arena.global());
        } catch (IllegalArgumentException e) {
            throw new UnsupportedOperationException(
                    "libblkio does not load from " + (file == null ? "the system" : file)
                            + ": install libblkio1 or name its file by -D" + LIBRARY_PROPERTY + "=",
                    e);
        }
    }

    private static FunctionDescriptor transfer() {
        return FunctionDescriptor.ofVoid(POINTER, LONG, POINTER, LONG, LONG, INT);
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
        MemorySegment symbol = LIBRARY.find(name)
                .orElseThrow(() -> new UnsupportedOperationException("this libblkio lacks " + name + ": 1.x needed"));
        return Linker.nativeLinker().downcallHandle(symbol, descriptor);
    }

    /** A handle for a driver such as {@code virtio-blk-vhost-user}. */
    static MemorySegment create(String driver) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment holder = arena.allocate(POINTER);
            check("blkio_create " + driver, (int) CREATE.invokeExact(arena.allocateFrom(driver), holder));
            return holder.get(POINTER, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void set(MemorySegment blkio, String property, String value) {
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) SET_STRING.invokeExact(blkio, arena.allocateFrom(property), arena.allocateFrom(value));
            check("blkio_set_str " + property, result);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static long number(MemorySegment blkio, String property) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(LONG);
            check("blkio_get_uint64 " + property, (int)
                    GET_LONG.invokeExact(blkio, arena.allocateFrom(property), value));
            return value.get(LONG, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void connect(MemorySegment blkio) {
        try {
            check("blkio_connect", (int) CONNECT.invokeExact(blkio));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static void start(MemorySegment blkio) {
        try {
            check("blkio_start", (int) START.invokeExact(blkio));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Ends the connection and gives back its memory regions. */
    static void destroy(MemorySegment blkio) {
        try (Arena arena = Arena.ofConfined()) {
            DESTROY.invokeExact(arena.allocateFrom(POINTER, blkio));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Memory that the server sees too; its life ends with {@link #destroy}. */
    static MemorySegment sharedMemory(MemorySegment blkio, long sizeBytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = arena.allocate(MEMORY_REGION);
            check("blkio_alloc_mem_region", (int) ALLOCATE.invokeExact(blkio, region, sizeBytes));
            check("blkio_map_mem_region", (int) MAP.invokeExact(blkio, region));
            return region.get(POINTER, 0).reinterpret(sizeBytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The first queue, its completions found by looking: the server is told not to send notices. */
    static MemorySegment polledQueue(MemorySegment blkio) {
        try {
            MemorySegment queue = (MemorySegment) QUEUE.invokeExact(blkio, 0);
            COMPLETION_FD.invokeExact(queue, false);
            return queue;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Puts a read in the queue; {@link #advance} sends it. */
    static void read(MemorySegment queue, long offsetBytes, MemorySegment target, long userData) {
        try {
            READ.invokeExact(queue, offsetBytes, target, target.byteSize(), userData, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Puts a write in the queue; {@link #advance} sends it. */
    static void write(MemorySegment queue, long offsetBytes, MemorySegment source, long userData) {
        try {
            WRITE.invokeExact(queue, offsetBytes, source, source.byteSize(), userData, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Sends what is queued and takes what is complete, without waiting. Returns how many completions were stored. */
    static int advance(MemorySegment queue, MemorySegment completions, int most) {
        int result;
        try {
            result = (int) DO_IO.invokeExact(queue, completions, 0, most, MemorySegment.NULL);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        if (result < 0) {
            throw failed("blkioq_do_io", result);
        }
        return result;
    }

    private static void check(String call, int result) {
        if (result < 0) {
            throw failed(call, result);
        }
    }

    private static IllegalStateException failed(String call, int result) {
        try {
            MemorySegment message = (MemorySegment) ERROR.invokeExact();
            return new IllegalStateException(
                    call + ": " + message.reinterpret(Integer.MAX_VALUE).getString(0) + " (" + result + ")");
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** For the catch clause that {@code invokeExact} demands: a downcall itself throws nothing but errors. */
    private static RuntimeException unexpected(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            return runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }
}
