package io.vnvme.os;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Finds functions of the C library and keeps the place where each thread's {@code errno} lands.
 *
 * <p>Handles made here take that place as first argument: {@code HANDLE.invokeExact(Libc.errnoState(), ...)}; after a
 * failure {@link #errno()} reads it. Nothing on that way allocates.
 */
final class Libc {
    private static final Linker LINKER = linker();
    private static final SymbolLookup LOOKUP = LINKER.defaultLookup();

    // The arena is an automatic one: the four bytes go when the thread does.
    private static final ThreadLocal<MemorySegment> ERRNO =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

    private Libc() {}

    private static Linker linker() {
        String os = System.getProperty("os.name", "");
        if (!os.equals("Linux") || ValueLayout.ADDRESS.byteSize() != Long.BYTES) {
            throw new UnsupportedOperationException("vNVMe runs on 64-bit Linux, this is " + os);
        }
        return Linker.nativeLinker();
    }

    /** A function that reports failure through errno. */
    static MethodHandle capturing(String name, FunctionDescriptor descriptor) {
        return handle(name, descriptor, Linker.Option.captureCallState("errno"));
    }

    /** A variadic function that reports failure through errno; arguments from {@code firstVariadic} on are variadic. */
    static MethodHandle variadic(String name, FunctionDescriptor descriptor, int firstVariadic) {
        return handle(
                name,
                descriptor,
                Linker.Option.captureCallState("errno"),
                Linker.Option.firstVariadicArg(firstVariadic));
    }

    /** A function that has no errno. */
    static MethodHandle plain(String name, FunctionDescriptor descriptor) {
        return handle(name, descriptor);
    }

    private static MethodHandle handle(String name, FunctionDescriptor descriptor, Linker.Option... options) {
        MemorySegment symbol = LOOKUP.find(name)
                .orElseThrow(() -> new UnsupportedOperationException(
                        "the C library lacks " + name + ": glibc 2.35 or later needed"));
        try {
            return LINKER.downcallHandle(symbol, descriptor, options);
        } catch (IllegalCallerException e) {
            throw new UnsupportedOperationException(
                    "native access is off: start java with --enable-native-access=ALL-UNNAMED", e);
        }
    }

    static MemorySegment errnoState() {
        return ERRNO.get();
    }

    static int errno() {
        return ERRNO.get().get(ValueLayout.JAVA_INT, 0);
    }

    static NativeException failed(String call) {
        return new NativeException(call, errno());
    }

    /** For the catch clause that {@code invokeExact} demands: a downcall itself throws nothing but errors. */
    static RuntimeException unexpected(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            return runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException(e);
    }
}
