import { createRouter, createWebHashHistory } from 'vue-router';
import Overview from './pages/Overview.vue';

/**
 * Pages are loaded when they are opened first. Their addresses follow a #, so that whoever serves the page, under whatever
 * path, needs not know them; names in them may look like those of files.
 */
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/', component: Overview, meta: { title: 'Overview' } },
    { path: '/drives', component: () => import('./pages/Drives.vue'), meta: { title: 'Drives' } },
    { path: '/pools', component: () => import('./pages/Pools.vue'), meta: { title: 'Pools' } },
    { path: '/pools/:name', component: () => import('./pages/Pool.vue'), props: true, meta: { title: 'Pool' } },
    { path: '/vnvmes', component: () => import('./pages/Vnvmes.vue'), meta: { title: 'vNVMes' } },
    { path: '/vnvmes/:name', component: () => import('./pages/Vnvme.vue'), props: true, meta: { title: 'vNVMe' } },
    { path: '/vms', component: () => import('./pages/Vms.vue'), meta: { title: 'VMs' } },
    { path: '/groups', component: () => import('./pages/Groups.vue'), meta: { title: 'Groups' } },
    { path: '/jobs', component: () => import('./pages/Jobs.vue'), meta: { title: 'Jobs' } },
    { path: '/events', component: () => import('./pages/Events.vue'), meta: { title: 'Events' } },
    { path: '/reactors', component: () => import('./pages/Reactors.vue'), meta: { title: 'Reactors' } },
    { path: '/settings', component: () => import('./pages/Settings.vue'), meta: { title: 'Settings' } },
    { path: '/:rest(.*)*', component: () => import('./pages/Nowhere.vue'), meta: { title: 'Not found' } },
  ],
});

router.afterEach((to) => {
  const name = typeof to.params.name === 'string' ? `${to.params.name} · ` : '';
  document.title = `${name}${String(to.meta.title)} · vNVMe`;
});
