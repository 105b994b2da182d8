/** Where Vite's development server listens; the proxy to the daemon's socket is one above. */
export const DEV_PORT = 8467;
