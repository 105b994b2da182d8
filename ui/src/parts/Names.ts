import { h, type FunctionalComponent } from 'vue';
import { RouterLink } from 'vue-router';

/** Names as links to their pages: `a, b, c`. */
const Names: FunctionalComponent<{ names: string[]; under: string }> = ({ names, under }) =>
  names.flatMap((name, i) => [i > 0 ? ', ' : '', h(RouterLink, { to: `${under}/${name}` }, () => name)]);
Names.props = ['names', 'under'];

export default Names;
