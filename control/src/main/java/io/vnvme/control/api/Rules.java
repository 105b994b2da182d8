package io.vnvme.control.api;

import io.avaje.http.api.Delete;
import io.avaje.http.api.Get;
import io.avaje.http.api.Path;
import io.avaje.http.api.Post;
import io.avaje.http.api.Put;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.vnvme.control.auth.Caller;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Role;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who may ask what, read from the annotations of the controllers, and put around each handler as its route is registered:
 * so the check belongs to the route that was found, however its path was written.
 */
final class Rules {
    /** What describes all others. */
    static final String DESCRIPTION = "/api/v1/openapi.json";

    /** What anyone may ask has no role. */
    private final Map<String, Optional<Role>> roles = new HashMap<>();

    /** @param controllers whose methods are routes */
    Rules(List<Object> controllers) {
        roles.put("GET " + DESCRIPTION, Optional.of(Role.VIEWER));
        for (Object controller : controllers) {
            Class<?> type = controller.getClass();
            Path base = type.getAnnotation(Path.class);
            for (Method method : type.getDeclaredMethods()) {
                route(method).ifPresent(route -> {
                    String[] parts = route.split(" ", 2);
                    String name = parts[0] + " " + (base == null ? "" : base.value()) + parts[1];
                    roles.put(name, rule(method, name));
                });
            }
        }
    }

    private static Optional<String> route(Method method) {
        if (method.isAnnotationPresent(Get.class)) {
            return Optional.of("GET " + method.getAnnotation(Get.class).value());
        }
        if (method.isAnnotationPresent(Post.class)) {
            return Optional.of("POST " + method.getAnnotation(Post.class).value());
        }
        if (method.isAnnotationPresent(Put.class)) {
            return Optional.of("PUT " + method.getAnnotation(Put.class).value());
        }
        if (method.isAnnotationPresent(Delete.class)) {
            return Optional.of("DELETE " + method.getAnnotation(Delete.class).value());
        }
        return Optional.empty();
    }

    private static Optional<Role> rule(Method method, String route) {
        Allowed allowed = method.getAnnotation(Allowed.class);
        if (allowed == null && !method.isAnnotationPresent(Anyone.class)) {
            throw new IllegalStateException("nothing says who may ask " + route);
        }
        return Optional.ofNullable(allowed).map(Allowed::value);
    }

    /** The role that a route needs; nothing where anyone may. */
    Optional<Role> role(String verb, String pattern) {
        Optional<Role> role = roles.get(verb + " " + pattern);
        if (role == null) {
            throw new IllegalStateException("nothing says who may ask %s %s".formatted(verb, pattern));
        }
        return role;
    }

    /** Registers at {@code routing}, each handler behind its check. */
    HttpRouting.Builder guard(HttpRouting.Builder routing) {
        return (HttpRouting.Builder) Proxy.newProxyInstance(
                HttpRouting.Builder.class.getClassLoader(),
                new Class<?>[] {HttpRouting.Builder.class},
                (_, method, args) -> {
                    if (args != null
                            && args.length == 2
                            && args[0] instanceof String pattern
                            && args[1] instanceof Handler[] handlers) {
                        args[1] = guarded(role(method.getName().toUpperCase(Locale.ROOT), pattern), handlers);
                    }
                    return invoke(routing, method, args);
                });
    }

    private static @Nullable Object invoke(Object target, Method method, Object @Nullable [] args) throws Throwable {
        try {
            return method.invoke(target, args);
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static Handler[] guarded(Optional<Role> role, Handler[] handlers) {
        Handler[] guarded = new Handler[handlers.length];
        for (int i = 0; i < handlers.length; i++) {
            Handler handler = handlers[i];
            guarded[i] = (request, response) -> {
                role.ifPresent(Rules::check);
                handler.handle(request, response);
            };
        }
        return guarded;
    }

    private static void check(Role needed) {
        if (!Caller.CURRENT.isBound()) {
            throw new ProblemException(ProblemCode.UNAUTHENTICATED, Entrance.WHO);
        }
        Caller caller = Caller.CURRENT.get();
        if (!caller.role().covers(needed)) {
            throw new ProblemException(
                    ProblemCode.NOT_ALLOWED,
                    "%s is %s, and this needs %s: use another token"
                            .formatted(caller.name(), caller.role().text(), needed.text()));
        }
    }
}
