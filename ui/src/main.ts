import { createApp } from 'vue';
import App from './App.vue';
import { findSession } from './api/session';
import { followChanges } from './live/changes';
import { watchLoad } from './live/load';
import { router } from './router';
import './style/tokens.css';
import './style/base.css';
import { applyTheme } from './theme';

applyTheme();
createApp(App).use(router).mount('#app');
await findSession();
followChanges();
await watchLoad(() => false);
