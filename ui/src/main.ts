import { createApp } from 'vue';
import App from './App.vue';
import { needs } from './api/roles';
import { findSession } from './api/session';
import { followChanges } from './live/changes';
import { watchLoad } from './live/load';
import { router } from './router';
import './style/tokens.css';
import './style/base.css';
import { applyTheme } from './theme';

applyTheme();
const app = createApp(App).use(router).directive('needs', needs);
// The first page is no change of pages: the focus stays where the browser has it.
await router.isReady();
app.mount('#app');
await findSession();
followChanges();
await watchLoad(() => false);
