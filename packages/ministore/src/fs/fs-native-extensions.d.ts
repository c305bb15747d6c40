declare module 'fs-native-extensions'
