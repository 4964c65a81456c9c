import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// Vite's own settings: the typical page has no others.
export default defineConfig({ base: './', plugins: [react()] });
