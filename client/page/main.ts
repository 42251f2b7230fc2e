/** The meeting page: options in, parts built and wired. */
import { Meeting } from './meeting.ts';
import { readOptions } from './options.ts';
import { initialState } from './state.ts';
import { Store } from './store.ts';
import { mountPage } from './view/page.ts';

const options = readOptions(location.search);
const store = new Store(initialState(options));
const meeting = new Meeting(options, store);
const root = document.getElementById('page');
if (!root) throw new Error('index.html has no element with the id "page"');
store.subscribe(mountPage(root, meeting));
meeting.start();
